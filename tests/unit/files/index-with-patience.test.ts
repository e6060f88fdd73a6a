import { APIError } from "openai";
import { expect, test } from "vitest";
import { buildStore } from "../../../functions/_shared/session-files/build-store.ts";
import { collectionOf } from "../../../functions/_shared/session-files/collection.ts";
import { readIndexingFailure } from "../../../functions/_shared/session-files/file-failures.ts";
import { indexFile } from "../../../functions/_shared/session-files/index-file.ts";
import { openStore } from "../../../functions/_shared/session-files/open-store.ts";
import { PATIENCE } from "../../../functions/_shared/session-files/patience.ts";
import { createWorld, SHORT } from "./memory-world.ts";

const CLAIM = { kind: "build" as const, id: "store", lease_until: "", name: "Chat" };
const SESSION = collectionOf({ session_id: "session" });
const READY = { status: "ready" };

test("the function tries for two minutes, and the clean-up for the rest of an hour", () => {
  expect(PATIENCE).toMatchObject({ callMs: 120_000, pauseMs: 1_000, totalMs: 3_600_000 });
});

test.for(
  [
    ["a file that is not found right after attaching", {
      scenario: "file_404_once",
      variant: "store",
    }],
    [
      "a file that is not found for longer",
      { scenario: "file_404_once", variant: "store", times: 40 },
    ],
    ["a rate limit", { scenario: "rate_limited_for", seconds: 1.2, variant: "all" }],
    ["two server errors in a row", { fail: { path: "/v1/files", status: 500, times: 2 } }],
    ["a lost gateway", { fail: { path: "/v1/files", status: 502, times: 3 } }],
    ["a rejected key", { scenario: "invalid_key", times: 3 }],
    ["a lack of credit", { scenario: "insufficient_quota", variant: "all", times: 3 }],
    ["a missing permission", { fail: { path: "/v1/files", status: 403, times: 1 } }],
    ["a store that is refused", {
      fail: { path: "/v1/vector_stores", status: 429, retry_after: 5.1, times: 1 },
    }],
  ] as const,
)("the file is ready after %s", { timeout: 20_000 }, async ([, behaviour]) => {
  const world = await createWorld();
  const { id } = world.add("a.txt");
  await world.behave(behaviour);

  await indexFile(world.ports, world.add("a.txt", undefined, { id }), { ...SHORT, callMs: 10_000 });

  expect(world.show(id)).toEqual(READY);
});

test("a file that is not found right after attaching needs no second attempt", async () => {
  const world = await createWorld();
  await world.behave({ scenario: "file_404_once", variant: "store" });

  await indexFile(world.ports, world.add("a.txt"), SHORT);

  expect(world.pauses).toEqual([]);
});

test("pauses grow, and last at least as long as OpenAI asks", async () => {
  const world = await createWorld();
  const row = world.add("a.txt");
  await world.behave({ fail: { path: "/v1/files", status: 503 } });
  await indexFile(world.ports, row, { ...SHORT, callMs: 1_500, longestPauseMs: 300 });

  expect(world.pauses.length).toBeGreaterThan(1);
  expect([...world.pauses].sort((a, b) => a - b)).toEqual(world.pauses);
  expect(world.pauses.at(-1)).toBe(300);
  expect(world.show(row.id)).toEqual({ status: "indexing", code: "provider_error" });

  await world.behave({ fail: { path: "/v1/files", status: 429, retry_after: 7 } });
  await indexFile(world.ports, row, SHORT);
  expect(world.pauses.at(-1)).toBe(7_000);
});

test("a file fails after an hour, with the last reason", async () => {
  const world = await createWorld();
  const indexing_since = new Date(Date.now() - SHORT.totalMs - 1).toISOString();
  const refused = world.add("a.txt", "A", { indexing_since });
  const misconfigured = world.add("b.txt", "B", { indexing_since });
  await world.behave({ fail: { path: "/v1/files", status: 500 } });
  await indexFile(world.ports, refused, SHORT);
  await world.behave({ scenario: "invalid_key" });
  await indexFile(world.ports, misconfigured, SHORT);

  expect(world.show(refused.id)).toEqual({ status: "failed", code: "provider_error" });
  expect(world.show(misconfigured.id)).toEqual({
    status: "failed",
    code: "provider_misconfigured",
  });
});

test.for([400, 413, 415, 422])(
  "the file fails at once if OpenAI refuses it: %i",
  async (status) => {
    const world = await createWorld();
    const row = world.add("a.txt");
    await world.behave({ fail: { path: "/v1/files", status } });

    await indexFile(world.ports, row, SHORT);

    expect(world.show(row.id)).toEqual({ status: "failed", code: "file_unreadable" });
  },
);

test("a store that OpenAI has lost says nothing about the file", () => {
  const lost = APIError.generate(
    400,
    { error: { message: "Vector store 'vs_1' has expired." } },
    undefined,
    new Headers(),
  );
  expect(readIndexingFailure(lost)).toMatchObject({ code: "provider_error", isFinal: false });
});

test("the operator's error of each attempt is logged once, with a fix", async () => {
  const world = await createWorld();
  const row = world.add("a.txt");
  await world.behave({ scenario: "invalid_key" });
  await indexFile(world.ports, row, { ...SHORT, callMs: 1 });

  await world.behave({ fail: { path: "/v1/vector_stores", status: 401 } });
  await indexFile(world.ports, row, { ...SHORT, callMs: 1 });

  const mistakes = world.logged.filter(([event]) => event === "provider_misconfigured");
  expect(mistakes.map(([, fields]) => fields)).toEqual([
    { file_id: row.id, cause: "key_rejected", fix: "Set OPENAI_API_KEY to a valid key." },
    { ...SESSION, cause: "key_rejected", fix: "Set OPENAI_API_KEY to a valid key." },
  ]);
  expect(world.show(row.id)).toEqual({ status: "indexing", code: "provider_misconfigured" });
});

test("a key that OpenAI rejects before it has read the file is recognized", async () => {
  const world = await createWorld();
  const row = world.add("a.txt");
  const { baseURL } = world.ports.openai;
  const openai = world.ports.openai.withOptions({
    baseURL,
    fetch: (url, init) =>
      init?.method === "POST" ? Promise.reject(new TypeError("reset")) : fetch(url, init),
  });
  await world.behave({ scenario: "invalid_key" });

  await indexFile({ ...world.ports, openai }, row, { ...SHORT, callMs: 1 });

  expect(world.show(row.id)).toEqual({ status: "indexing", code: "provider_misconfigured" });
});

test("a rebuilt store leaves out the files that OpenAI cannot read, and marks them", async () => {
  const world = await createWorld();
  const rows = ["a.txt", "b.txt", "c.txt"].map((name) => world.add(name));
  for (const row of rows) await indexFile(world.ports, row, SHORT);
  await world.behave({ scenario: "batch_partly_failed", variant: "invalid_file", n: 2 });

  await buildStore(world.ports, CLAIM, SESSION, SHORT);

  expect(rows.map(({ id }) => world.show(id))).toEqual([
    { status: "failed", code: "damaged" },
    { status: "failed", code: "damaged" },
    READY,
  ]);
  expect(world.store.fileIds).toEqual([world.row(rows[2]?.id ?? "")?.openai_file_id]);
});

test("a file that OpenAI failed to read for a rebuilt store is indexed again", async () => {
  const world = await createWorld();
  const rows = ["a.txt", "b.txt"].map((name) => world.add(name));
  for (const row of rows) await indexFile(world.ports, row, SHORT);
  await world.behave({ scenario: "batch_partly_failed", times: 1 });
  await buildStore(world.ports, CLAIM, SESSION, SHORT);
  const [failed, kept] = rows.map(({ id }) => id);
  expect(world.show(failed ?? "")).toEqual({ status: "indexing", code: "provider_error" });
  expect(world.store.fileIds).toEqual([world.row(kept ?? "")?.openai_file_id]);

  const waiting = world.row(failed ?? "");
  if (!waiting) throw new Error("The row is missing.");
  await indexFile(world.ports, waiting, SHORT);

  expect(world.show(waiting.id)).toEqual(READY);
  const { data } = await world.client.vectorStores.files.list(world.store.storeId);
  expect(data.map(({ status }) => status)).toEqual(["completed", "completed"]);
});

test("a file that OpenAI still reads for a rebuilt store is indexing until it is read", async () => {
  const world = await createWorld();
  const row = world.add("a.txt");
  await indexFile(world.ports, row, SHORT);
  await world.behave({ indexing_ms: 400 });

  await buildStore(world.ports, CLAIM, SESSION, { ...SHORT, batchMs: 50 });

  expect(world.show(row.id)).toEqual({ status: "indexing" });
  expect(world.store.fileIds).toEqual([]);
  await indexFile(world.ports, world.row(row.id) ?? row, SHORT);
  expect(world.show(row.id)).toEqual(READY);
});

test("after a failed batch, a file waits until its store may be built again", async () => {
  const world = await createWorld();
  const row = world.add("a.txt");
  await world.behave({ scenario: "batch_failed", times: 1 });

  await indexFile(world.ports, row, SHORT);

  expect(world.pauses).toEqual([300]);
  expect(world.show(row.id)).toEqual(READY);
});

test.for(["failed", "cancelled"])("a batch that is %s is a failed store", async (variant) => {
  const world = await createWorld();
  const row = world.add("a.txt");
  await indexFile(world.ports, row, SHORT);
  world.store.kind = "missing";
  await world.behave({ scenario: "batch_failed", variant });

  expect(await openStore(world.ports, SESSION)).toBeNull();

  expect(world.store).toMatchObject({ kind: "failed", error: "BatchFailedError" });
  expect(world.show(row.id)).toEqual(READY);
});
