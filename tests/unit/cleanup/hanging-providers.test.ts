import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cleanUp } from "../../../functions/vector-store-cleanup/clean-up.ts";
import { fakePorts, hang, hangingFetch } from "./fake-ports.ts";

const LONGEST_SECONDS = 60;

beforeEach(() => vi.useFakeTimers({ now: new Date("2026-03-08T09:00:00Z") }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Makes OpenAI answer every request with this body. */
function answer(body: unknown): void {
  vi.stubGlobal("fetch", () => Promise.resolve(Response.json(body)));
}

function ids(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}_${index}`);
}

test("if OpenAI hangs, customers and objects are deleted at once, and the run ends in time", async () => {
  vi.stubGlobal("fetch", hangingFetch);
  const { ports, cleanup } = fakePorts(LONGEST_SECONDS);
  cleanup.put("file", ...ids("file", 100));
  cleanup.put("stripe_customer", ...ids("cus", 20));
  cleanup.put("object", ...ids("path", 20));

  const reply = cleanUp(ports);
  await vi.advanceTimersByTimeAsync(0);
  expect(Object.keys(cleanup.ended).toSorted())
    .toEqual([...ids("cus", 20), ...ids("path", 20)].toSorted());

  await vi.advanceTimersByTimeAsync(LONGEST_SECONDS * 1000 + 10_000);
  // Eight deletions and the list of files were tried. Objects that were not tried have not failed.
  expect(await reply).toMatchObject({ deleted: 40, failed: 9 });
  expect(Object.values(cleanup.ended).filter((error) => error !== null)).toHaveLength(8);
});

test.each(["stripe", "storage"] as const)(
  "if %s hangs, the others' objects are deleted at once, and the run ends in time",
  async (hanging) => {
    answer({ object: "list", data: [], deleted: true });
    const { ports, cleanup, stripe, storage } = fakePorts(LONGEST_SECONDS);
    if (hanging === "stripe") stripe.customers.del = hang;
    else storage.remove = hang;
    cleanup.put("file", ...ids("file", 100));
    cleanup.put("stripe_customer", "cus_0");
    cleanup.put("object", "path_0");

    const reply = cleanUp(ports);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Object.keys(cleanup.ended)).toHaveLength(101);

    await vi.advanceTimersByTimeAsync(LONGEST_SECONDS * 1000);
    expect(await reply).toMatchObject({ deleted: 101, failed: 1 });
    expect(cleanup.ended[hanging === "stripe" ? "cus_0" : "path_0"]).toBe("TimeoutError");
  },
);

test("a database error in the claims of one provider does not stop the others", async () => {
  answer({ object: "list", data: [], deleted: true });
  const { ports, cleanup } = fakePorts(LONGEST_SECONDS);
  const claim = cleanup.claimDeletions.bind(cleanup);
  cleanup.claimDeletions = (provider, limit) =>
    provider === "openai" ? Promise.reject(new Error("refused")) : claim(provider, limit);
  cleanup.put("stripe_customer", "cus_0");

  expect(await cleanUp(ports)).toMatchObject({ deleted: 1, failed: 2 });
});
