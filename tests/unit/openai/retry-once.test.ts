import { APIConnectionError, APIError } from "openai";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { retryAfter, retryOnce } from "../../../functions/_shared/openai/retry-once.ts";

beforeEach(() => {
  // A date without a zone is in GMT, wherever the function runs.
  vi.stubEnv("TZ", "America/New_York");
  vi.useFakeTimers({ now: new Date("2026-03-08T09:10:00Z") });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

function refuse(status: number, headers: Record<string, string> = {}, code?: string): APIError {
  return APIError.generate(status, { error: { code } }, undefined, new Headers(headers));
}

test.each<[headers: Record<string, string>, seconds: number | undefined]>([
  [{}, undefined],
  [{ "retry-after": "3" }, 3],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "1.5" }, 1.5],
  [{ "retry-after": "Sun, 08 Mar 2026 09:10:02 GMT" }, 2],
  [{ "retry-after": "Sunday, 08-Mar-26 09:10:02 GMT" }, 2],
  [{ "retry-after": "Sun Mar  8 09:10:02 2026" }, 2],
  [{ "retry-after": "Sun, 08 Mar 2026 09:09:59 GMT" }, undefined],
  [{ "retry-after": "-1" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "" }, undefined],
  [{ "retry-after-ms": "174" }, 0.174],
  [{ "retry-after-ms": "174", "retry-after": "1" }, 0.174],
  [{ "retry-after-ms": "soon", "retry-after": "1" }, 1],
])("%j asks for a pause of %s s", (headers, seconds) => {
  expect(retryAfter(refuse(429, headers))).toBe(seconds);
});

test("an error that is not OpenAI's response asks for no pause", () => {
  expect(retryAfter(new APIConnectionError({}))).toBeUndefined();
  expect(retryAfter(new Error("ours"))).toBeUndefined();
});

/** Counts the calls that `retryOnce` makes when each of them fails with this error. */
async function countCalls(error: Error): Promise<number> {
  let calls = 0;
  const failing = expect(retryOnce(() => {
    calls += 1;
    return Promise.reject(error);
  })).rejects.toBe(error);
  await vi.runAllTimersAsync();
  await failing;
  return calls;
}

test.each<[Error, calls: number]>([
  [refuse(429), 2],
  [refuse(500), 2],
  [refuse(503, { "retry-after": "5" }), 2],
  [refuse(503, { "retry-after": "6" }), 1],
  [refuse(503, { "retry-after": "Sun, 08 Mar 2026 09:10:06 GMT" }), 1],
  [refuse(429, { "retry-after-ms": "5001" }), 1],
  [refuse(429, {}, "insufficient_quota"), 1],
  [refuse(429, {}, "credit_balance_exhausted"), 1],
  [refuse(400, {}, "conversation_locked"), 1],
  [refuse(400), 1],
  [refuse(500, { "x-should-retry": "false" }), 1],
  [refuse(400, { "x-should-retry": "true" }), 2],
  [new APIConnectionError({}), 1],
  [new APIError(undefined, { code: "server_is_overloaded" }, undefined, new Headers()), 1],
  [new Error("ours"), 1],
])("%s: %i calls", async (error, calls) => {
  expect(await countCalls(error)).toBe(calls);
});

test("the second call comes after the pause that OpenAI asked for", async () => {
  const times: number[] = [];
  const failing = retryOnce(() => {
    times.push(Date.now());
    return Promise.reject(refuse(429, { "retry-after-ms": "174" }));
  }).catch(() => {});
  await vi.runAllTimersAsync();
  await failing;

  expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 174]);
});
