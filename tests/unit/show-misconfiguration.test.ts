import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { showMisconfiguration } from "../../local/functions/show-misconfiguration.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function write(cause: string, event = "provider_misconfigured", provider?: string): string {
  const fix = `End ${cause}.`;
  return JSON.stringify({ level: "error", function: "chat", event, provider, cause, fix });
}

/** Returns the plain lines that a log of functions prints in addition to its own lines. */
function openLog(): { log: (line: string) => void; plain: string[] } {
  const plain: string[] = [];
  const log = showMisconfiguration((part, line) => {
    if (!line.startsWith("{")) plain.push(`${part}: ${line}`);
  });
  return { log: (line) => log("functions", line), plain };
}

test("a rejected setting is a plain line, once a minute for each cause", () => {
  const { log, plain } = openLog();
  for (const cause of ["key_rejected", "key_rejected", "credit_exhausted"]) log(write(cause));
  const first = [
    "stack: OpenAI rejects the settings of this service. End key_rejected.",
    "stack: OpenAI rejects the settings of this service. End credit_exhausted.",
  ];
  expect(plain).toEqual(first);

  vi.advanceTimersByTime(59_999);
  log(write("key_rejected"));
  expect(plain).toEqual(first);

  vi.advanceTimersByTime(1);
  log(write("key_rejected"));
  expect(plain).toEqual([...first, first[0]]);
});

test("a setting that Stripe rejects is named as Stripe's, beside the same cause at OpenAI", () => {
  const { log, plain } = openLog();
  log(write("key_rejected"));
  log(write("key_rejected", "provider_misconfigured", "Stripe"));
  expect(plain).toEqual([
    "stack: OpenAI rejects the settings of this service. End key_rejected.",
    "stack: Stripe rejects the settings of this service. End key_rejected.",
  ]);
});

test("other lines stay alone, and every line is printed as it was", () => {
  const lines: string[] = [];
  const log = showMisconfiguration((_, line) => lines.push(line));
  const others = ["functions ready", "{", write("key_rejected", "provider_refused"), "null"];
  others.forEach((line) => log("functions", line));

  expect(lines).toEqual(others);
});
