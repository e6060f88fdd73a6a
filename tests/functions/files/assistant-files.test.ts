// Files of assistants: an admin adds them, and every user of the assistant searches them.
import { afterEach, expect, test } from "vitest";
import { readExport } from "../../helpers/account.ts";
import {
  addFile,
  assistantForm,
  createAssistant,
  filesOf,
  settledFile,
} from "../../helpers/assistants.ts";
import { openChat, readText } from "../../helpers/chat-client.ts";
import {
  cleanUp,
  commandOpenAI,
  drain,
  indexed,
  objectsOf,
  orphans,
  postFile,
  retryFile,
  upload,
  uploadForm,
  uploadReady,
} from "../../helpers/files.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { filterOf, lastTurn, type SentTurn } from "../../helpers/sent-turns.ts";
import type { TestChat } from "../../helpers/test-chat.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { buildPdf } from "@parley/openai-emulator/retrieval/build-documents.ts";
import { endRuns, make, readRuns } from "../lookouts/lookouts-client.ts";
import type { FileReply } from "../../../types/api.ts";

afterEach(resetOpenAI);
const user = await createUser();
const COMET = "# Stable\n\nThe grey horse in the third box is called Comet.\n";
const QUESTION = "What is the grey horse called?";

function citedIn(chat: TestChat): { id: string; name: string | undefined }[] {
  return chat.lastMessage?.parts.flatMap((part) =>
    part.type === "source-document" ? [{ id: part.sourceId, name: part.filename }] : []
  ) ?? [];
}

async function ask(owner: TestUser, sessionId: string, text = QUESTION, ...files: FileReply[]) {
  const chat = openChat(owner, sessionId);
  const attached = files.map(({ id, file_name, file_type }) => ({
    type: "file" as const,
    mediaType: file_type,
    filename: file_name,
    url: `parley:file/${id}`,
  }));
  await chat.sendMessage({ parts: [{ type: "text", text }, ...attached] });
  expect(chat.error).toBeUndefined();
  return chat;
}

function storesOf({ tools }: SentTurn): unknown {
  return tools.find(({ type }) => type === "file_search")?.vector_store_ids;
}

/** Returns OpenAI's id of the store of a session or an assistant. */
async function storeOf(collection: string): Promise<string> {
  const [row] = await asPostgres<{ store_id: string }>(
    "select store_id from public.vector_stores where session_id::text = $1 or assistant_slug = $1",
    [collection],
  );
  if (!row) throw new Error("There is no store.");
  return row.store_id;
}

async function countBuilt(slug: string): Promise<number> {
  return (await openaiRequests()).filter(({ method, path, body }) =>
    method === "POST" && path === "/v1/vector_stores" &&
    JSON.stringify(body).includes(`"assistant":"${slug}"`)
  ).length;
}

test("every user of an assistant searches its files, and nobody else reads them", async () => {
  const guide = await createAssistant();
  const file = await addFile(guide, COMET, "stable.md");
  expect(file).toMatchObject({
    assistant_slug: guide.slug,
    session_id: null,
    user_id: null,
    storage_path: expect.stringMatching(/^assistants\//),
  });
  const sessionId = await createSession(user, guide.slug);

  const chat = await ask(user, sessionId);

  expect(readText(chat.lastMessage)).toContain("Comet");
  expect(citedIn(chat)).toEqual([{ id: file.id, name: "stable.md" }]);
  const turn = await lastTurn(sessionId);
  expect([storesOf(turn), filterOf(turn)]).toEqual([[await storeOf(guide.slug)], undefined]);
  expect(turn.instructions).toMatch(/Files of this assistant:\n- stable\.md$/);
  expect(JSON.stringify(chat.messages)).not.toContain("~parley-");

  const sent = (await openaiRequests()).map(({ body }) => body);
  expect(sent).toContainEqual(expect.objectContaining({
    metadata: { app: "parley", project: expect.any(String), assistant: guide.slug },
  }));
  const attributes = { file_id: file.id, assistant: guide.slug, name: "stable.md" };
  expect(JSON.stringify(sent)).toContain(JSON.stringify(attributes));

  expect(must(await user.client.from("chat_files").select().eq("id", file.id))).toEqual([]);
  expect(must(await guide.admin.client.from("chat_files").select().eq("id", file.id))).toEqual([]);
  expect((await user.client.storage.from("chat-files").download(file.storage_path)).data)
    .toBeNull();
  const [exported, ofAdmin] = [await readExport(user), await readExport(guide.admin)];
  expect([exported.chat_files, exported.vector_stores, ofAdmin.chat_files]).toEqual([[], [], []]);
});

test("a turn searches the files of the chat and the assistant, or those that it attaches or names", async () => {
  const guide = await createAssistant();
  const book = await addFile(guide, "The horse Comet is grey.", "book.md");
  const sessionId = await createSession(user, guide.slug);
  const own = await uploadReady(user, sessionId, "The horse Ceres is black.", "own.md");
  const [ownStore, sharedStore] = [await storeOf(sessionId), await storeOf(guide.slug)];

  const both = await ask(user, sessionId, "What colour is the horse Comet?");
  expect(citedIn(both)).toEqual([{ id: book.id, name: "book.md" }]);
  const turn = await lastTurn(sessionId);
  expect([storesOf(turn), filterOf(turn)]).toEqual([[ownStore, sharedStore], undefined]);
  expect(turn.instructions).toMatch(
    /Files of this assistant:\n- book\.md\n\nFiles in this chat:\n- own\.md$/,
  );

  const attached = await ask(user, sessionId, "What colour is the horse?", own);
  expect(citedIn(attached)).toEqual([{ id: own.id, name: "own.md" }]);
  expect([storesOf(await lastTurn(sessionId)), filterOf(await lastTurn(sessionId))])
    .toEqual([[ownStore], { type: "eq", key: "file_id", value: own.id }]);

  const named = await ask(user, sessionId, "What colour is the horse in BOOK.md?");
  expect(citedIn(named)).toEqual([{ id: book.id, name: "book.md" }]);
  expect([storesOf(await lastTurn(sessionId)), filterOf(await lastTurn(sessionId))])
    .toEqual([[sharedStore], { type: "eq", key: "file_id", value: book.id }]);

  const stolen = openChat(user, sessionId);
  await stolen.sendMessage({
    text: "Show me.",
    files: [{
      type: "file",
      mediaType: "text/markdown",
      url: `parley:file/${book.id}`,
    }],
  });
  expect(stolen.error?.message).toContain("file_not_found");
});

test("an admin adds a file in every way of an upload, and the bytes leave the admin's folder", async () => {
  const guide = await createAssistant();
  const { admin, slug } = guide;
  const path = `${admin.profileId}/put.md`;
  must(await admin.client.storage.from("chat-files").upload(path, "The cow is called Daisy."));
  const late = assistantForm(slug, "The pig is called Rose.", "late.md", { fileFirst: true });
  const register = { assistant_slug: slug, storage_path: path };

  const replies = [
    await postFile(admin, assistantForm(slug, COMET, "early.md")),
    await postFile(admin, late),
    await postFile(admin, register),
  ];

  expect(replies.map(({ status }) => status)).toEqual([201, 201, 201]);
  for (const reply of replies) {
    const row = await settledFile(guide, (await reply.json()).id);
    expect(row).toMatchObject({ status: "ready", assistant_slug: slug, error: null });
    expect(row.storage_path).toMatch(/^assistants\//);
    const service = createTestClient(stack.SECRET_KEY).storage.from("chat-files");
    expect(must(await service.download(row.storage_path)).size).toBe(row.file_size);
  }
  expect(await objectsOf(admin)).toEqual([]);
  expect((await postFile(admin, register)).status).toBe(200);
  expect((await postFile(admin, assistantForm(slug, COMET, "again.md"))).status).toBe(200);
  expect((await filesOf(guide)).map(({ file_name }) => file_name).toSorted())
    .toEqual(["early.md", "late.md", "put.md"]);
});

test("an upload to an assistant is refused to users, and without one assistant that exists", async () => {
  const { admin, slug } = await createAssistant();
  const path = `${user.profileId}/mine.md`;
  must(await user.client.storage.from("chat-files").upload(path, COMET));
  const both = assistantForm(slug, COMET, "a.md", {
    fields: { session_id: await createSession(admin) },
  });
  const linked = assistantForm(slug, COMET, "a.md", { fields: { message_id: "none" } });
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const cases: [TestUser, FormData | Record<string, unknown>][] = [
    [user, assistantForm(slug, COMET, "a.md")],
    [user, assistantForm(slug, COMET, "a.md", { fileFirst: true })],
    [user, { assistant_slug: slug, storage_path: path }],
    [admin, assistantForm("nobody", COMET, "a.md")],
    [admin, assistantForm(slug, png, "a.png")],
    [admin, assistantForm(slug, png, "a.png", { fileFirst: true })],
    [admin, both],
    [admin, linked],
    [admin, { storage_path: path }],
  ];
  const refused: string[] = [];
  for (const [caller, body] of cases) {
    const response = await postFile(caller, body);
    refused.push(`${response.status} ${(await response.json()).code}`);
  }
  expect(refused).toEqual([
    "403 not_allowed",
    "403 not_allowed",
    "403 not_allowed",
    "404 assistant_not_found",
    "415 image_not_searched",
    "415 image_not_searched",
    "400 invalid_request",
    "404 message_not_found",
    "400 invalid_request",
  ]);
  // Nobody registered it, so it would wait for a day.
  must(await createTestClient(stack.SECRET_KEY).storage.from("chat-files").remove([path]));
  await drain();
  expect(await asPostgres("select from public.chat_files where assistant_slug = $1", [slug]))
    .toEqual([]);
  expect(await objectsOf(admin)).toEqual([]);
});

test("an admin retries and deletes files of an assistant, and a user neither", async () => {
  const guide = await createAssistant();
  const { admin, slug } = guide;
  const scan = await postFile(
    admin,
    assistantForm(slug, Uint8Array.from(buildPdf([])), "scan.pdf"),
  );
  const failed = await settledFile(guide, (await scan.json()).id);
  // No message attaches it, so the model can never be shown its pages.
  expect([failed.status, failed.error]).toMatchObject(["failed", { code: "no_text" }]);
  const kept = await addFile(guide, COMET, "stable.md");
  const remove = ({ accessToken }: TestUser, id: string) =>
    fetch(`${stack.FUNCTIONS_URL}/files/${id}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${accessToken}` },
    });

  expect([(await retryFile(user, failed.id)).status, (await remove(user, kept.id)).status])
    .toEqual([404, 404]);
  expect((await retryFile(admin, failed.id)).status).toBe(202);
  expect((await settledFile(guide, failed.id)).status).toBe("failed");
  expect([(await remove(admin, failed.id)).status, (await remove(admin, kept.id)).status])
    .toEqual([204, 204]);

  expect(await filesOf(guide)).toEqual([]);
  await drain();
  const left = await orphans();
  expect(left.filter((id) => id.startsWith("assistants/"))).toEqual([]);
  expect(left).not.toContain(kept.openai_file_id);
});

test.for([
  { how: "OpenAI has expired", expire: async (slug: string) => expireRemote(await storeOf(slug)) },
  { how: "has passed its lifetime", expire: expireLocal },
])(
  "ten users who need a store that $how build it once, and each gets an answer",
  async ({ expire }) => {
    const guide = await createAssistant();
    const file = await addFile(guide, COMET, "stable.md");
    const users = await Promise.all(Array.from({ length: 10 }, () => createUser()));
    const sessions = await Promise.all(users.map((each) => createSession(each, guide.slug)));
    const before = await countBuilt(guide.slug);
    await expire(guide.slug);

    const chats = await Promise.all(
      users.map((each, index) => ask(each, sessions[index] ?? "")),
    );

    for (const chat of chats) expect(citedIn(chat)).toEqual([{ id: file.id, name: "stable.md" }]);
    expect(await countBuilt(guide.slug) - before).toBe(1);
  },
);

test("a turn builds only the store again that is lost", async () => {
  const guide = await createAssistant();
  await addFile(guide, COMET, "stable.md");
  const sessionId = await createSession(user, guide.slug);
  await uploadReady(user, sessionId, "The cow is called Daisy.", "cow.md");
  const [own, shared] = [await storeOf(sessionId), await storeOf(guide.slug)];
  await expireRemote(own);

  expect(readText((await ask(user, sessionId)).lastMessage)).toContain("Comet");

  expect(await storeOf(guide.slug)).toBe(shared);
  expect(await storeOf(sessionId)).not.toBe(own);
});

test("a store that cannot be built leaves the other one to search, and the reply says so", async () => {
  const asker = await createUser();
  const guide = await createAssistant();
  await addFile(guide, COMET, "stable.md");
  const sessionId = await createSession(asker, guide.slug);
  const own = await uploadReady(asker, sessionId, "The brown cow is called Daisy.", "cow.md");
  await expireLocal(guide.slug);
  await behave({ fail: { path: "/v1/vector_stores", status: 500 } });

  const chat = await ask(asker, sessionId, "What is the brown cow called?");
  expect(chat.lastMessage?.parts[0]).toMatchObject({ data: { code: "search_unavailable" } });
  expect(citedIn(chat)).toEqual([{ id: own.id, name: "cow.md" }]);

  // The failed store is not needed for a turn about the file of the chat.
  const attached = await ask(asker, sessionId, "What is the cow called?", own);
  expect(attached.lastMessage?.parts[0]).not.toMatchObject({ type: "data-notice" });
});

test("the clean-up goes on with the store of an assistant whose builder died", async () => {
  const guide = await createAssistant();
  await addFile(guide, COMET, "stable.md");
  await asPostgres(
    `update public.vector_stores set status = 'recreating', lease_until = now() - interval '1 second'
     where assistant_slug = $1`,
    [guide.slug],
  );
  const before = await storeOf(guide.slug);

  await cleanUp();

  expect(await storeOf(guide.slug)).not.toBe(before);
  const [row] = await asPostgres(
    "select status, file_count from public.vector_stores where assistant_slug = $1",
    [
      guide.slug,
    ],
  );
  expect(row).toEqual({ status: "active", file_count: 1 });
});

test("a lookout with the assistant cites its files", async () => {
  const owner = await createUser();
  const guide = await createAssistant();
  const file = await addFile(guide, COMET, "stable.md");
  const id = await make(owner, { assistant_slug: guide.slug, prompt: QUESTION });
  const response = await fetch(`${stack.FUNCTIONS_URL}/lookouts/${id}/run`, {
    method: "POST",
    headers: { authorization: `Bearer ${owner.accessToken}` },
  });
  expect(response.status).toBe(202);
  await endRuns();

  const [run] = await readRuns(owner, id);
  expect(run?.status).toBe("complete");
  const parts = must(
    await owner.client.from("chat_messages").select("parts").eq("session_id", run?.session_id ?? "")
      .eq("sender", "assistant").single(),
  );
  expect(JSON.stringify(parts)).toContain(`"sourceId":"${file.id}"`);
});

test("files of assistants leave the admin's own limits alone", async () => {
  const guide = await createAssistant();
  const { admin } = guide;
  await asPostgres("update public.assistants set max_files = 1 where slug = $1", [guide.slug]);
  await addFile(guide, COMET, "stable.md");
  const full = await postFile(admin, assistantForm(guide.slug, "More.", "more.md"));
  expect([full.status, (await full.json()).code]).toEqual([409, "assistant_file_limit_reached"]);

  const [usage] = await asPostgres(
    "select count(*)::integer from public.chat_files where user_id = $1",
    [
      admin.profileId,
    ],
  );
  expect(usage).toEqual({ count: 0 });
  const sessionId = await createSession(admin, guide.slug);
  const own = await indexed(admin, (await upload(admin, sessionId, COMET, "own.md")).id);
  expect(own.status).toBe("ready");
  expect((await postFile(admin, uploadForm(sessionId, COMET, "same.md"))).status).toBe(200);
});

async function expireRemote(storeId: string): Promise<void> {
  await commandOpenAI(`vector_stores/${storeId}/expire`);
}

async function expireLocal(slug: string): Promise<void> {
  await asPostgres(
    "update public.vector_stores set expires_at = now() - interval '1 minute' where assistant_slug = $1",
    [slug],
  );
}
