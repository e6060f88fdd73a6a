import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, readText } from "../../helpers/chat-client.ts";
import {
  cleanUp,
  commandOpenAI,
  hasten,
  indexed,
  remoteObjects,
  upload,
  uploadReady,
} from "../../helpers/files.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();
const COMET = "# Stable\n\nThe grey horse in the third box is called Comet.\n";
const QUESTION = "What is the grey horse called?";

async function storeOf(sessionId: string) {
  return must(
    await user.client.from("vector_stores").select().eq("session_id", sessionId).single(),
  );
}

/** Creates a session with a searchable file; returns both and the store. */
async function searchable() {
  const sessionId = await createSession(user);
  const file = await uploadReady(user, sessionId, COMET, "stable.md");
  const { store_id } = await storeOf(sessionId);
  return { sessionId, file, storeId: store_id ?? "" };
}

async function ask(sessionId: string) {
  const chat = openChat(user, sessionId, await loadHistory(user, sessionId));
  await chat.sendMessage({ text: QUESTION });
  expect(chat.error).toBeUndefined();
  return chat;
}

async function countCreated(work: () => Promise<unknown>): Promise<number> {
  const created = async () =>
    (await openaiRequests()).filter(({ method, path }) =>
      method === "POST" && path === "/v1/vector_stores"
    ).length;
  const before = await created();
  await work();
  return await created() - before;
}

test("a store is created with its lifetime and its owner, and a turn that uses it prolongs it", async () => {
  const { sessionId, storeId } = await searchable();
  const inDays = async () =>
    (Date.parse((await storeOf(sessionId)).expires_at ?? "") - Date.now()) / 86_400_000;
  expect(await storeOf(sessionId)).toMatchObject({
    status: "active",
    file_count: 1,
    openai_metadata: {
      metadata: { app: "parley", session_id: sessionId },
      expires_after: { anchor: "last_active_at", days: 7 },
    },
  });
  expect(await inDays()).toBeCloseTo(7, 1);
  await asPostgres(
    "update public.vector_stores set expires_at = now() + interval '1 day' where store_id = $1",
    [storeId],
  );

  await ask(sessionId);

  expect(await inDays()).toBeCloseTo(7, 1);
});

test("recovery leaves a turn alone that waits for its store", async () => {
  const { sessionId } = await searchable();
  await asPostgres(
    "update public.vector_stores set expires_at = now() - interval '1 minute' where session_id = $1",
    [sessionId],
  );
  await behave({ indexing_ms: 16_000 });

  const asking = ask(sessionId);

  await expect.poll(() =>
    asPostgres(
      `update public.chat_turns set progressed_at = now() - interval '55 seconds'
       where session_id = $1 returning id`,
      [sessionId],
    )
  ).toHaveLength(1);
  await expect.poll(() =>
    asPostgres(
      `select from public.chat_turns
       where session_id = $1 and response_id is null and progressed_at > now() - interval '30 seconds'`,
      [sessionId],
    ), { timeout: 20_000 }).toHaveLength(1);
  expect(readText((await asking).lastMessage)).toContain("Comet");
});

test("an expired store is created again in the same request, and the old one is deleted", async () => {
  const { sessionId, file, storeId } = await searchable();
  await commandOpenAI(`vector_stores/${storeId}/expire`);

  const chat = await ask(sessionId);

  expect(readText(chat.lastMessage)).toContain("Comet");
  expect(chat.lastMessage?.parts).toContainEqual(
    expect.objectContaining({ type: "source-document", sourceId: file.id }),
  );
  const renewed = await storeOf(sessionId);
  expect(renewed).toMatchObject({ status: "active", file_count: 1 });
  expect(renewed.store_id).not.toBe(storeId);
  await cleanUp();
  const { vector_stores } = await remoteObjects();
  expect(vector_stores.map(({ id }) => id)).toContain(renewed.store_id);
  expect(vector_stores.map(({ id }) => id)).not.toContain(storeId);
});

test("a store past its lifetime is created again before the request, even if OpenAI lost a file", async () => {
  const { sessionId, file } = await searchable();
  await commandOpenAI(`files/${file.openai_file_id}/forget`);
  await asPostgres(
    "update public.vector_stores set expires_at = now() - interval '1 minute' where session_id = $1",
    [sessionId],
  );

  const chat = await ask(sessionId);

  expect(readText(chat.lastMessage)).toContain("Comet");
  expect(chat.lastMessage?.parts).toContainEqual(
    expect.objectContaining({ type: "source-document", sourceId: file.id, title: "stable.md" }),
  );
  const responses = (await openaiRequests()).filter(({ path, body }) =>
    path === "/v1/responses" && JSON.stringify(body).includes(sessionId) &&
    !JSON.stringify(body).includes('"title"')
  );
  expect(responses).toHaveLength(1);
});

test("ten uploads and a turn that need an expired store create it once; the turn cites its file", async () => {
  const { sessionId, file, storeId } = await searchable();
  await commandOpenAI(`vector_stores/${storeId}/expire`);

  const created = await countCreated(async () => {
    const uploads = Array.from({ length: 9 }, async (_, n) => {
      const row = await upload(user, sessionId, `Cow number ${n} is brown.`, `cow-${n}.txt`);
      return await indexed(user, row.id);
    });
    const [chat, ...rows] = await Promise.all([ask(sessionId), ...uploads]);
    expect(rows.map(({ status }) => status)).toEqual(Array(9).fill("ready"));
    expect(chat.lastMessage?.parts).toContainEqual(
      expect.objectContaining({ type: "source-document", sourceId: file.id }),
    );
  });

  expect(created).toBe(1);
  const { vector_stores } = await remoteObjects();
  const { store_id } = await storeOf(sessionId);
  expect(vector_stores.find(({ id }) => id === store_id)?.file_ids).toHaveLength(10);
});

test("a turn whose store cannot be created replies without search, and says so", async () => {
  const { sessionId, storeId } = await searchable();
  await commandOpenAI(`vector_stores/${storeId}/expire`);
  await behave({ fail: { path: "/v1/vector_stores", status: 500 } });

  const chat = await ask(sessionId);

  expect(chat.lastMessage?.parts[0]).toMatchObject({
    type: "data-notice",
    data: { code: "search_unavailable" },
  });
  expect(readText(chat.lastMessage)).not.toContain("Comet");
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
  expect(await storeOf(sessionId)).toMatchObject({ status: "failed" });
});

test("when the process that creates a store dies, the next caller takes over", async () => {
  const { sessionId } = await searchable();
  await asPostgres(
    `update public.vector_stores set status = 'recreating', lease_until = now() - interval '1 second'
     where session_id = $1`,
    [sessionId],
  );

  const chat = await ask(sessionId);

  expect(readText(chat.lastMessage)).toContain("Comet");
});

test("the clean-up expires old stores, checks those that will expire soon, and deletes the rest", async () => {
  const past = await searchable();
  const soon = await searchable();
  const gone = await searchable();
  const at = (id: string, when: string) =>
    asPostgres(
      `update public.vector_stores set expires_at = now() + $2::interval where session_id = $1`,
      [id, when],
    );
  await at(past.sessionId, "-1 minute");
  await at(soon.sessionId, "10 minutes");
  await at(gone.sessionId, "10 minutes");
  await commandOpenAI(`vector_stores/${gone.storeId}/expire`);
  await hasten();

  const report = await cleanUp();
  await cleanUp();

  expect(report).toMatchObject({ checked: 2, expired: 2, failed: 0 });
  expect(await storeOf(past.sessionId)).toMatchObject({ status: "expired", store_id: null });
  expect(await storeOf(gone.sessionId)).toMatchObject({ status: "expired", store_id: null });
  const kept = await storeOf(soon.sessionId);
  expect(kept).toMatchObject({ status: "active", store_id: soon.storeId });
  expect(Date.parse(kept.expires_at ?? "")).toBeGreaterThan(Date.now() + 6 * 86_400_000);
  const stores = (await remoteObjects()).vector_stores.map(({ id }) => id);
  expect(stores).not.toContain(past.storeId);
  expect(stores).not.toContain(gone.storeId);

  expect(readText((await ask(past.sessionId)).lastMessage)).toContain("Comet");
});
