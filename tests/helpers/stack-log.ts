import { appendFile, readFile } from "node:fs/promises";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { inject, vi } from "vitest";
import * as z from "zod";
import { takenStacks, takeStack } from "./ask-host.ts";

const LogLine = z.looseObject({
  at: z.iso.datetime(),
  level: z.enum(["info", "warn", "error"]),
  function: z.string(),
  event: z.string(),
});
/** A line that a function has logged. */
export type LogLine = z.infer<typeof LogLine>;

const ownLogs = () => path.join(inject("runDir"), "own-stacks.log");

/** Keeps the functions' log of a stack of one test, for the test that looks through all logs. */
export async function keepOwnLog(lines: string[]): Promise<void> {
  // The output has colours, as in a terminal.
  const plain = lines.map((line) => stripVTControlCharacters(line));
  const written = plain.filter((line) => /^functions +\{/.test(line));
  await appendFile(ownLogs(), written.map((line) => `${line}\n`).join(""));
}

/** Returns the logs of all workers' stacks, all parts included, and of the functions of all other stacks. */
export async function readAllLogs(): Promise<string> {
  const stacks = await takenStacks();
  const logs = await Promise.all(stacks.map(({ stateDir }) => readLog(stateDir)));
  return logs.join("") + await readFile(ownLogs(), "utf8").catch(() => "");
}

function readLog(stateDir: string): Promise<string> {
  return readFile(path.join(stateDir, "stack.log"), "utf8");
}

/** Returns the lines that functions have logged. Throws if a line is not in Parley's format. */
export function parseFunctionLog(log: string): LogLine[] {
  const lines = log.split("\n").filter((line) => line.startsWith("functions "));
  // The supervisor's own lines report restarts.
  const written = lines.filter((line) => !/^functions +(ended|runs again|stops)/.test(line));
  return written.map((line) => {
    try {
      return LogLine.parse(JSON.parse(line.slice("functions ".length)));
    } catch (cause) {
      throw new Error(`not a line in Parley's format: ${line}`, { cause });
    }
  });
}

/** Waits until there are lines about the request with this id, and returns them. */
export function linesOfRequest(requestId: string): Promise<LogLine[]> {
  return vi.waitFor(async () => {
    const { stateDir } = await takeStack();
    const log = parseFunctionLog(await readLog(stateDir));
    const lines = log.filter(({ request_id }) => request_id === requestId);
    if (lines.length === 0) throw new Error(`nothing is logged of ${requestId}`);
    return lines;
  }, { timeout: 10_000 });
}
