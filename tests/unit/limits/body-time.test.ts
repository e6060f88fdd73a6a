import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AppError } from "../../../functions/_shared/http/errors.ts";
import {
  BODY_TIME,
  limitBodyTime,
  partOf,
} from "../../../functions/_shared/http/limit-body-time.ts";

const LIMITS = { silence: 1_000, total: 5_000 };

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** Returns a request whose body arrives when told to. */
function openRequest() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (own) => void (controller = own),
    cancel: () => void (isCancelled = true),
  });
  const init: RequestInit & { duplex: "half" } = { method: "POST", body, duplex: "half" };
  return {
    request: limitBodyTime(new Request("http://localhost/", init), LIMITS),
    send: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    close: () => controller?.close(),
    isCancelled: () => isCancelled,
  };
}

test("a body that arrives in time is unchanged", async () => {
  const { request, send, close } = openRequest();
  const text = request.text();
  for (const word of ["a", "b", "c"]) {
    await vi.advanceTimersByTimeAsync(900);
    send(word);
  }
  close();

  expect(await text).toBe("abc");
  expect(vi.getTimerCount()).toBe(0);
});

test("a silent body is refused, and reading stops", async () => {
  const { request, send, isCancelled } = openRequest();
  const refused = expect(request.text()).rejects.toMatchObject({
    code: "request_timeout",
    status: 408,
  });
  send("a");
  await vi.advanceTimersByTimeAsync(1_001);

  await refused;
  expect(isCancelled()).toBe(true);
});

test("a slow body that is never silent is refused, too", async () => {
  const { request, send } = openRequest();
  const refused = expect(request.text()).rejects.toBeInstanceOf(AppError);
  for (let second = 0; second < 5; second += 0.5) {
    send("a");
    await vi.advanceTimersByTimeAsync(500);
  }

  await refused;
});

test("the time starts when somebody reads", async () => {
  const { request, send, close } = openRequest();
  await vi.advanceTimersByTimeAsync(60_000);
  const text = request.text();
  send("a");
  close();

  expect(await text).toBe("a");
});

test("a request without a body is unchanged", () => {
  const request = new Request("http://localhost/");

  expect(limitBodyTime(request, LIMITS)).toBe(request);
});

test("clients may be silent for 20 seconds, and take 30 for a body, or 400 for a form", () => {
  expect(BODY_TIME).toEqual({
    short: { silence: 20_000, total: 30_000 },
    form: { silence: 20_000, total: 400_000 },
  });
});

test.for([undefined, "", "1", "2", "0", "-0.5", "some"])(
  "a part of %j keeps the whole time",
  (part) => expect(partOf(BODY_TIME.short, part)).toEqual(BODY_TIME.short),
);

test("a part makes the time shorter", () => {
  expect(partOf(BODY_TIME.short, "0.25")).toEqual({ silence: 5_000, total: 7_500 });
});
