import { readFileSync } from "node:fs";

/** The limits of one request on Supabase. */
export interface HostedLimits {
  /** CPU time of all threads of the process, from the start of the request to the end of its background work. */
  cpuMs: number;
  /** From the start of the request to the end of its background work. A reply must begin within the same time. */
  wallMs: number;
  /** Private memory of the process. Pages of the program file do not count, because functions do not cause them. */
  memoryBytes: number;
  /** Lines that a process may log in `logWindowMs`. */
  logLines: number;
  logWindowMs: number;
  /** Characters of a log line. */
  logLength: number;
}

/** The limits of Supabase's free plan. Source: https://supabase.com/docs/guides/functions/limits */
export const HOSTED_LIMITS: HostedLimits = {
  cpuMs: 2_000,
  wallMs: 150_000,
  memoryBytes: 256 * 1024 * 1024,
  logLines: 100,
  logWindowMs: 10_000,
  logLength: 10_000,
};

/** Resources that a process has used. */
export interface ProcessUse {
  cpuMs: number;
  memoryBytes: number;
}

/** Linux counts in hundredths of a second for programs: https://man7.org/linux/man-pages/man7/time.7.html */
const TICK_MS = 10;

/**
 * Returns the CPU time and the private memory of a process; null when it has ended. Source:
 * https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, utime, stime and RssAnon.
 */
export function readProcessUse(pid: number): ProcessUse | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, the name of the program, may contain spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const kibibytes = Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    return {
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
      memoryBytes: kibibytes * 1024,
    };
  } catch {
    return null;
  }
}

/** Returns a log that cuts long lines, drops lines beyond the limit, and says so once in each window. */
export function limitLog(
  write: (line: string) => void,
  { logLines, logWindowMs, logLength }: HostedLimits,
): (line: string) => void {
  let windowStart = -Infinity;
  let count = 0;
  return (line) => {
    const now = performance.now();
    if (now - windowStart >= logWindowMs) {
      windowStart = now;
      count = 0;
    }
    count += 1;
    if (count <= logLines) write(line.slice(0, logLength));
    else if (count === logLines + 1) {
      write(`more than ${logLines} log lines in ${logWindowMs / 1_000} s: the others are dropped`);
    }
  };
}
