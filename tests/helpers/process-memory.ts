import { readdir, readFile, writeFile } from "node:fs/promises";

/** Returns the process below `ancestor` whose command line holds `name`. */
export async function findDescendant(ancestor: number, name: string): Promise<number> {
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (command.includes(name) && await descendsFrom(Number(entry), ancestor)) return Number(entry);
  }
  throw new Error(`no process "${name}" below ${ancestor}`);
}

/** Returns how many bytes more a process holds at its peak during `work` than before it (Linux). */
export async function peakExtraMemory(pid: number, work: () => Promise<void>): Promise<number> {
  // 5 resets the peak: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
  await writeFile(`/proc/${pid}/clear_refs`, "5");
  const before = await readStatus(pid, "VmRSS");
  await work();
  return await readStatus(pid, "VmHWM") - before;
}

async function descendsFrom(pid: number, ancestor: number): Promise<boolean> {
  for (let current = pid; current > 1;) {
    if (current === ancestor) return true;
    const stat = await readFile(`/proc/${current}/stat`, "utf8").catch(() => "");
    current = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
  }
  return false;
}

async function readStatus(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) * 1024;
}

/**
 * Returns the bytes of memory of all processes below one (Linux), added up by part. A process belongs to the first part
 * whose pattern its command line matches. `read` returns the bytes of one process.
 */
export async function memoryByPart(
  ancestor: number,
  parts: Record<string, RegExp>,
  read: (pid: number) => Promise<number>,
): Promise<Record<string, number>> {
  const sums = Object.fromEntries(Object.keys(parts).map((part) => [part, 0]));
  for (const entry of await readdir("/proc")) {
    const pid = Number(entry);
    if (!pid || pid === ancestor || !await descendsFrom(pid, ancestor)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    const part = Object.keys(parts).find((name) => parts[name]?.test(command));
    if (part !== undefined) sums[part] = (sums[part] ?? 0) + await read(pid);
  }
  return sums;
}

/**
 * Returns the private memory of a process and its share of common memory, in bytes. Source:
 * https://docs.kernel.org/filesystems/proc.html, smaps_rollup.
 */
export async function readShare(pid: number): Promise<number> {
  // The process may have ended in the meantime.
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
}
