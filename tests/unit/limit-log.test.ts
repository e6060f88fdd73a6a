import { afterEach, expect, test, vi } from "vitest";
import { HOSTED_LIMITS, limitLog } from "../../local/functions/hosted-limits.ts";

afterEach(() => void vi.useRealTimers());

test("each window of a log has its own lines and says once that others are dropped", () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const lines: string[] = [];
  const write = limitLog((line) => lines.push(line), { ...HOSTED_LIMITS, logLines: 2 });

  for (const pauseMs of [0, 5_000, 4_998, 1, 1, 9_999, 1]) {
    vi.advanceTimersByTime(pauseMs);
    write(`after ${pauseMs} ms`);
  }

  expect(lines).toEqual([
    "after 0 ms",
    "after 5000 ms",
    "more than 2 log lines in 10 s: the others are dropped",
    "after 1 ms",
    "after 9999 ms",
    "after 1 ms",
  ]);
});
