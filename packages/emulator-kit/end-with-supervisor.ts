import { Socket } from "node:net";
import process from "node:process";

/** Calls `end` when the supervisor of this process has ended in any way, which closes the pipe of stdin. */
export function endWithSupervisor(end: () => void): void {
  if (process.env.PARLEY_SUPERVISED !== "1") return;
  process.stdin.once("end", end).resume();
  // The pipe must not keep a process alive that has no other work.
  if (process.stdin instanceof Socket) process.stdin.unref();
}
