import { readdir, readFile, writeFile } from "node:fs/promises";

/** The process below `ancestor` whose command line holds `name`. */
export async function findDescendant(ancestor: number, name: string): Promise<number> {
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const command = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (command.includes(name) && await descendsFrom(Number(entry), ancestor)) return Number(entry);
  }
  throw new Error(`no process "${name}" below ${ancestor}`);
}

/** How many bytes of memory a process holds more, at its peak, while `work` runs, than before (Linux). */
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
