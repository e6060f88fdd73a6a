import { appendFile, readFile } from "node:fs/promises";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { inject, vi } from "vitest";
import { z } from "zod";

const LogLine = z.looseObject({
  at: z.iso.datetime(),
  level: z.enum(["info", "warn", "error"]),
  function: z.string(),
  event: z.string(),
});
/** A line that a function has logged. */
export type LogLine = z.infer<typeof LogLine>;

const ownLogs = () => path.join(inject("stateDir"), "own-stacks.log");

/** Keeps what the functions of a stack of one test have logged, for whoever looks through the logs of the whole suite. */
export async function keepOwnLog(lines: string[]): Promise<void> {
  // With colours, which terminals get.
  const plain = lines.map((line) => stripVTControlCharacters(line));
  const written = plain.filter((line) => /^functions +\{/.test(line));
  await appendFile(ownLogs(), written.map((line) => `${line}\n`).join(""));
}

/** Everything that the stack under test has logged since its start, of all parts, and the functions of all other stacks. */
export async function readStackLog(): Promise<string> {
  const own = await readFile(ownLogs(), "utf8").catch(() => "");
  return await readFile(path.join(inject("stateDir"), "stack.log"), "utf8") + own;
}

/** What the functions have logged. Throws on a line that is not one of ours. */
export async function readFunctionLog(): Promise<LogLine[]> {
  const lines = (await readStackLog()).split("\n").filter((line) => line.startsWith("functions "));
  // The supervisor's own lines tell of restarts.
  const written = lines.filter((line) => !/^functions +(ended|runs again|stops)/.test(line));
  return written.map((line) => {
    try {
      return LogLine.parse(JSON.parse(line.slice("functions ".length)));
    } catch (cause) {
      throw new Error(`not a line of ours: ${line}`, { cause });
    }
  });
}

/** The lines about the request with this id; resolves when there is one. */
export function linesOfRequest(requestId: string): Promise<LogLine[]> {
  return vi.waitFor(async () => {
    const lines = (await readFunctionLog()).filter(({ request_id }) => request_id === requestId);
    if (lines.length === 0) throw new Error(`nothing is logged of ${requestId}`);
    return lines;
  }, { timeout: 10_000 });
}
