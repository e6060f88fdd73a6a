import { Socket } from "node:net";
import process from "node:process";

/** Calls `end` when the supervisor that started this process is gone, however it went: it held the pipe of stdin. */
export function endWithSupervisor(end: () => void): void {
  if (process.env.PARLEY_SUPERVISED !== "1") return;
  process.stdin.once("end", end).resume();
  // The pipe is to be heard, and not to keep alive what has ended.
  if (process.stdin instanceof Socket) process.stdin.unref();
}
