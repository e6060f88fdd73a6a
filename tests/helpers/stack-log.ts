import { readFile } from "node:fs/promises";
import path from "node:path";
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

/** Everything that the stack under test has logged since its start, of all parts. */
export function readStackLog(): Promise<string> {
  return readFile(path.join(inject("stateDir"), "stack.log"), "utf8");
}

/** What the functions have logged. Throws on a line that is not one of ours. */
export async function readFunctionLog(): Promise<LogLine[]> {
  const lines = (await readStackLog()).split("\n").filter((line) => line.startsWith("functions "));
  // The supervisor's own lines tell of restarts.
  const written = lines.filter((line) => !/^functions (ended|runs again|stops)/.test(line));
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
