// Each fault of OpenAI while a file is uploaded, while its store is made again, and while the clean-up continues it.
import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, readText } from "../../helpers/chat-client.ts";
import { commandOpenAI, continueFiles, indexed, upload, uploadReady } from "../../helpers/files.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();
const COMET = "The grey horse in the third box is called Comet.";
const QUESTION = "What is the grey horse called?";

type Behaviour = Parameters<typeof behave>[0];

/** Faults that last until they are reset. */
const FAULTS: [name: string, behaviour: Behaviour, code: string][] = [
  [
    "a rate limit",
    { scenario: "rate_limited_for", seconds: 600, variant: "all" },
    "provider_error",
  ],
  ["a rejected key", { scenario: "invalid_key" }, "provider_misconfigured"],
  ["no credit", { scenario: "insufficient_quota", variant: "all" }, "provider_misconfigured"],
  ["a store that fails", { fail: { path: "/v1/vector_stores", status: 500 } }, "provider_error"],
  ["a failed batch", { scenario: "batch_failed" }, "provider_error"],
  ["a cancelled batch", { scenario: "batch_failed", variant: "cancelled" }, "provider_error"],
];

async function rowOf(id: string) {
  return must(await user.client.from("chat_files").select().eq("id", id).single());
}

async function storeOf(sessionId: string) {
  return must(
    await user.client.from("vector_stores").select().eq("session_id", sessionId).single(),
  );
}

async function ask(sessionId: string) {
  const chat = openChat(user, sessionId, await loadHistory(user, sessionId));
  await chat.sendMessage({ text: QUESTION });
  expect(chat.error).toBeUndefined();
  return chat.lastMessage;
}

const UNAVAILABLE = expect.objectContaining({
  type: "data-notice",
  data: expect.objectContaining({ code: "search_unavailable" }),
});

/** Makes OpenAI lose the store of a session, as after days without use. */
async function loseStore(sessionId: string): Promise<void> {
  await commandOpenAI(`vector_stores/${(await storeOf(sessionId)).store_id}/expire`);
  await asPostgres(
    "update public.vector_stores set expires_at = now() - interval '1 minute' where session_id = $1",
    [sessionId],
  );
}

test.for(FAULTS)("upload, %s: the file waits with a reason, then it is ready", async (
  [, behaviour, code],
) => {
  const sessionId = await createSession(user);
  await behave(behaviour);

  const { id } = await upload(user, sessionId, COMET, "stable.md");

  await expect.poll(() => rowOf(id)).toMatchObject({ status: "indexing", error: { code } });
  await resetOpenAI();
  await continueFiles(sessionId);
  expect(await indexed(user, id)).toMatchObject({ status: "ready", error: null });
  expect(readText(await ask(sessionId))).toContain("Comet");
});

test.for(FAULTS)("clean-up, %s: the file keeps waiting, then it is ready", async (
  [, behaviour, code],
) => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 500 } });
  const { id } = await upload(user, sessionId, COMET, "stable.md");
  await expect.poll(() => rowOf(id)).toMatchObject({ error: { code: "provider_error" } });
  // The function of the upload finds that it has lost its file.
  await asPostgres(
    `update public.chat_files
     set error = null, retry_at = now() + interval '1 hour',
       indexing_since = now() - interval '10 minutes'
     where id = $1`,
    [id],
  );
  await behave(behaviour);

  await continueFiles(sessionId);

  await expect.poll(() => rowOf(id)).toMatchObject({ status: "indexing", error: { code } });
  const waiting = await rowOf(id);
  expect(Date.parse(waiting.retry_at ?? "")).toBeGreaterThan(Date.now());
  await resetOpenAI();
  await continueFiles(sessionId);
  expect(await indexed(user, id)).toMatchObject({ status: "ready", error: null, retry_at: null });
});

const REBUILDS = FAULTS.filter(([, behaviour]) => {
  // A turn that OpenAI refuses as a whole is another subject.
  return behaviour.scenario === "batch_failed" || behaviour.fail !== undefined;
});

test.for(REBUILDS)("rebuild, %s: the turn does without search, and no file fails", async (
  [, behaviour],
) => {
  const sessionId = await createSession(user);
  const { id } = await uploadReady(user, sessionId, COMET, "stable.md");
  await loseStore(sessionId);
  await behave(behaviour);

  const reply = await ask(sessionId);

  expect(reply?.parts).toContainEqual(UNAVAILABLE);
  expect(await storeOf(sessionId)).toMatchObject({ status: "failed" });
  expect(await rowOf(id)).toMatchObject({ status: "ready" });
  await resetOpenAI();
  await continueFiles(sessionId);
  expect(readText(await ask(sessionId))).toContain("Comet");
  expect(await storeOf(sessionId)).toMatchObject({ status: "active", file_count: 1 });
});

test.for(FAULTS)(
  "rebuild for an upload, %s: no file fails, and both are searched in the end",
  async (
    [, behaviour, code],
  ) => {
    const sessionId = await createSession(user);
    const { id } = await uploadReady(user, sessionId, COMET, "stable.md");
    await loseStore(sessionId);
    await behave(behaviour);

    const added = await upload(user, sessionId, "The cow is called Daisy.", "cow.md");

    await expect.poll(() => rowOf(added.id)).toMatchObject({ status: "indexing", error: { code } });
    expect(await rowOf(id)).toMatchObject({ status: "ready" });
    await resetOpenAI();
    await continueFiles(sessionId);
    expect(await indexed(user, added.id)).toMatchObject({ status: "ready", error: null });
    expect(await storeOf(sessionId)).toMatchObject({ status: "active", file_count: 2 });
  },
);

test("a file that OpenAI does not know right after attaching becomes ready", async () => {
  const sessionId = await createSession(user);
  await behave({ scenario: "file_404_once", variant: "store" });

  const { id } = await upload(user, sessionId, COMET, "stable.md");

  expect(await indexed(user, id)).toMatchObject({ status: "ready", error: null });
});

test("a rate limit of some seconds delays a file by some seconds", async () => {
  const sessionId = await createSession(user);
  await behave({ scenario: "rate_limited_for", seconds: 6, variant: "all" });

  const { id } = await upload(user, sessionId, COMET, "stable.md");

  expect(await indexed(user, id, 25_000)).toMatchObject({ status: "ready", error: null });
});

test("a rebuilt store marks the files that OpenAI cannot read, and counts the others", async () => {
  const sessionId = await createSession(user);
  const names = ["a.md", "b.md", "c.md"];
  const rows: { id: string }[] = [];
  for (const name of names) rows.push(await uploadReady(user, sessionId, `${COMET} ${name}`, name));
  await loseStore(sessionId);
  await behave({ scenario: "batch_partly_failed", n: 2, variant: "invalid_file" });

  const reply = await ask(sessionId);

  expect(readText(reply)).toContain("Comet");
  const after = await Promise.all(rows.map(({ id }) => rowOf(id)));
  expect(after).toMatchObject([
    { status: "failed", error: { code: "damaged" }, openai_file_id: null },
    { status: "failed", error: { code: "damaged" }, openai_file_id: null },
    { status: "ready", error: null },
  ]);
  expect(await storeOf(sessionId)).toMatchObject({ status: "active", file_count: 1 });
});

test("a file that OpenAI failed to read for a rebuilt store is indexed again", async () => {
  const sessionId = await createSession(user);
  const { id } = await uploadReady(user, sessionId, COMET, "stable.md");
  await uploadReady(user, sessionId, "The cow is called Daisy.", "cow.md");
  await loseStore(sessionId);
  await behave({ scenario: "batch_partly_failed" });

  await ask(sessionId);

  expect(await rowOf(id)).toMatchObject({
    status: "indexing",
    error: { code: "provider_error" },
    vector_store_id: null,
  });
  expect(await storeOf(sessionId)).toMatchObject({ status: "active", file_count: 1 });
  await resetOpenAI();
  await continueFiles(sessionId);
  expect(await indexed(user, id)).toMatchObject({ status: "ready", error: null });
  expect(await storeOf(sessionId)).toMatchObject({ file_count: 2 });
  expect(readText(await ask(sessionId))).toContain("Comet");
});

test("nine uploads that need a lost store make it once, also if its batch fails in part", async () => {
  const sessionId = await createSession(user);
  await uploadReady(user, sessionId, COMET, "stable.md");
  await loseStore(sessionId);
  await behave({ scenario: "batch_partly_failed", times: 1 });
  const created = async () =>
    (await openaiRequests()).filter(({ method, path }) =>
      method === "POST" && path === "/v1/vector_stores"
    ).length;
  const before = await created();

  const uploads = await Promise.all(
    Array.from(
      { length: 9 },
      (_, n) => upload(user, sessionId, `Cow number ${n} is brown.`, `cow-${n}.md`),
    ),
  );
  const rows = await Promise.all(uploads.map(({ id }) => indexed(user, id, 30_000)));

  expect(rows.map(({ status }) => status)).toEqual(Array(9).fill("ready"));
  expect(await created() - before).toBe(1);
});
