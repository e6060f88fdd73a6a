import { afterEach, expect, test } from "vitest";
import { readExport } from "../../helpers/account.ts";
import { loadHistory, openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { drain, indexed, objectsOf, orphans, remoteObjects } from "../../helpers/files.ts";
import { behave, forgetConversation, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  type TestUser,
} from "../../helpers/stack.ts";
import { recoverTurns, resumeSession, settled } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();
await asPostgres(
  `insert into public.assistants (slug, name, description, model)
   values ('maker', 'Maker', 'Makes images and files.', 'gpt-5.4-mini')
   on conflict (slug) do nothing`,
);
await asPostgres(
  `select private.add_provider_tool('maker', 'images', '{"type": "image_generation"}'),
     private.add_provider_tool(
       'maker', 'python', '{"type": "code_interpreter", "container": {"type": "auto"}}'
     )`,
);
const CSV = "name,value\nalpha,1\nbeta,2\n";

async function filesOf(owner: TestUser, sessionId: string) {
  return must(
    await owner.client.from("chat_files").select().eq("session_id", sessionId)
      .order("created_at"),
  );
}

async function lastReply(owner: TestUser, sessionId: string) {
  const query = owner.client.from("chat_messages").select().eq("session_id", sessionId);
  return must(await query.order("seq", { ascending: false }).limit(1).single());
}

/** Returns the bytes of a file as its owner downloads them. */
async function download(owner: TestUser, path: string): Promise<Uint8Array> {
  const blob = must(await owner.client.storage.from("chat-files").download(path));
  return new Uint8Array(await blob.arrayBuffer());
}

function filePart({ id, file_name, file_type }: Awaited<ReturnType<typeof filesOf>>[number]) {
  return {
    type: "file",
    url: `parley:file/${id}`,
    mediaType: file_type,
    providerMetadata: { parley: { filename: file_name } },
  };
}

/** Leaves the last turn of a session as a function does that died when the response had ended. */
async function abandon(sessionId: string): Promise<void> {
  await asPostgres("delete from public.chat_files where session_id = $1", [sessionId]);
  await asPostgres(
    `update public.chat_turns set status = 'active', finished_at = null, progressed_at = now() - interval '2 minutes'
     where session_id = $1`,
    [sessionId],
  );
  await asPostgres(
    `update public.chat_messages set status = 'streaming', content = '', parts = '[]'
     where session_id = $1 and sender = 'assistant'`,
    [sessionId],
  );
}

async function makeFile(
  scenario: "image" | "code_file",
  owner = user,
): Promise<{ sessionId: string; chat: ReturnType<typeof openChat> }> {
  await behave({ scenario });
  const sessionId = await createSession(owner, "maker");
  const chat = openChat(owner, sessionId);
  await chat.sendMessage({ text: "Make something" });
  expect(chat.error).toBeUndefined();
  return { sessionId, chat };
}

test("a generated image is a file of the chat and the last part of the reply", async () => {
  const { sessionId, chat } = await makeFile("image");

  const [row, ...rest] = await filesOf(user, sessionId);
  if (!row) throw new Error("no file is stored");
  expect(rest).toEqual([]);
  expect(row).toMatchObject({
    origin: "assistant",
    file_type: "image/png",
    file_name: "image.png",
  });
  expect(row.storage_path.startsWith(`${user.profileId}/`)).toBe(true);
  expect(row.message_id).toBe((await lastReply(user, sessionId)).id);
  expect(chat.lastMessage?.parts.at(-1)).toEqual(filePart(row));
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
  expect(Array.from((await download(user, row.storage_path)).subarray(1, 4)))
    .toEqual([0x50, 0x4e, 0x47]);
  const ready = await indexed(user, row.id);
  const { files } = await remoteObjects();
  expect(files.find(({ id }) => id === ready.openai_file_id)).toMatchObject({ purpose: "vision" });
  expect(JSON.stringify(await lastReply(user, sessionId))).not.toContain("iVBOR");
});

test("a file of the code interpreter is stored with its name and can be searched", async () => {
  const { sessionId, chat } = await makeFile("code_file");

  const [row] = await filesOf(user, sessionId);
  if (!row) throw new Error("no file is stored");
  expect(row).toMatchObject({
    origin: "assistant",
    file_name: "report.csv",
    file_type: "text/csv",
  });
  expect(new TextDecoder().decode(await download(user, row.storage_path))).toBe(CSV);
  expect(chat.lastMessage?.parts.at(-1)).toEqual(filePart(row));
  expect(chat.lastMessage?.parts.some(({ type }) => type === "source-document")).toBe(false);
  expect(await indexed(user, row.id)).toMatchObject({ status: "ready", error: null });
});

test("a file of a kind that nothing can read is there for the user alone", async () => {
  await behave({ scenario: "code_file", variant: "zip" });
  const sessionId = await createSession(user, "maker");
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Make an archive" });

  const [made] = await filesOf(user, sessionId);
  if (!made) throw new Error("no file is stored");
  const row = await indexed(user, made.id);
  expect(row).toMatchObject({
    status: "ready",
    file_name: "report.zip",
    file_type: "application/octet-stream",
    openai_file_id: null,
    error: null,
  });
  expect((await download(user, row.storage_path)).byteLength).toBe(8);
  await chat.sendMessage({ text: "What is in it?" });
  expect(chat.error).toBeUndefined();
});

test("a message that is sent again gets the reply with its file", async () => {
  await behave({ scenario: "image" });
  const sessionId = await createSession(user, "maker");
  const body = { session_id: sessionId, content: "Draw", message_id: "m-1" };
  await (await postChat(body, user.accessToken)).text();

  const again = await (await postChat(body, user.accessToken)).text();

  const [row] = await filesOf(user, sessionId);
  expect(again).toContain(`"url":"parley:file/${row?.id}"`);
});

test.each(["image", "code_file"] as const)(
  "recovery stores the %s of a dead function once, however often it runs",
  async (scenario) => {
    const { sessionId } = await makeFile(scenario);
    const before = (await lastReply(user, sessionId)).parts;
    await abandon(sessionId);

    await Promise.all([recoverTurns(), recoverTurns()]);
    await abandonAgain(sessionId);
    await recoverTurns();

    const rows = await filesOf(user, sessionId);
    expect(rows).toHaveLength(1);
    const reply = await lastReply(user, sessionId);
    expect(reply).toMatchObject({ status: "complete", parts: before });
  },
);

/** Leaves the turn as a function does that died after it had stored the file, and before it settled the turn. */
async function abandonAgain(sessionId: string): Promise<void> {
  await asPostgres(
    `update public.chat_turns set status = 'active', finished_at = null, progressed_at = now() - interval '2 minutes'
     where session_id = $1`,
    [sessionId],
  );
  await asPostgres(
    `update public.chat_messages set status = 'streaming', content = '', parts = '[]'
     where session_id = $1 and sender = 'assistant'`,
    [sessionId],
  );
}

test("a row without its bytes is completed by the next function", async () => {
  const { sessionId } = await makeFile("image");
  await abandonAgain(sessionId);
  await asPostgres(
    `update public.chat_files set status = 'pending', sha256 = null, file_size = null, openai_file_id = null
     where session_id = $1`,
    [sessionId],
  );

  await recoverTurns();

  const [row] = await filesOf(user, sessionId);
  expect(row?.status).toMatch(/indexing|ready/);
  expect(row?.sha256).toMatch(/^[0-9a-f]{64}$/);
});

test("clients that read along store the file once and see the same part", async () => {
  await behave({
    scenario: "image",
    reply: Array(12).fill("word").join(" "),
    tokens_per_second: 10,
  });
  const sessionId = await createSession(user, "maker");
  const first = await postChat({ session_id: sessionId, content: "Draw" }, user.accessToken);
  const second = await resumeSession(user, sessionId);

  const streams = await Promise.all([first.text(), second.text()]);

  const [row, ...rest] = await filesOf(user, sessionId);
  expect(rest).toEqual([]);
  for (const stream of streams) expect(stream).toContain(`"url":"parley:file/${row?.id}"`);
});

test("a chat that is full keeps the text, and a notice says why the file is missing", async () => {
  await behave({ scenario: "image" });
  const sessionId = await createSession(user, "maker");
  await asPostgres(
    `insert into public.chat_files (user_id, session_id, file_name, file_type, file_size, sha256, storage_path, status,
       origin)
     select $1, $2, 'a.txt', 'application/octet-stream', 1, lpad(n::text, 64, '0'), $3 || '/full/' || n, 'ready',
       'assistant'
     from generate_series(1, 20) n`,
    [user.profileId, sessionId, user.profileId],
  );
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Draw" });

  expect(chat.error).toBeUndefined();
  expect(readText(chat.lastMessage)).not.toBe("");
  expect(chat.lastMessage?.parts.at(-1)).toEqual({
    type: "data-notice",
    data: { code: "made_file_limit_reached", message: expect.stringContaining("Delete a file") },
  });
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
  expect(await filesOf(user, sessionId)).toHaveLength(20);
  await asPostgres("delete from public.chat_sessions where id = $1", [sessionId]);
});

test("Storage refuses the file: the text stays, and nothing is left of the file", async () => {
  const [before] = await asPostgres<{ types: string[] }>(
    "select allowed_mime_types as types from storage.buckets where id = 'chat-files'",
  );
  await asPostgres(
    "update storage.buckets set allowed_mime_types = '{text/plain}' where id = 'chat-files'",
  );
  try {
    const { sessionId, chat } = await makeFile("image");
    expect(readText(chat.lastMessage)).not.toBe("");
    expect(chat.lastMessage?.parts.at(-1)).toMatchObject({
      type: "data-notice",
      data: { code: "made_file_not_stored" },
    });
    expect(await filesOf(user, sessionId)).toEqual([]);
  } finally {
    await asPostgres(
      "update storage.buckets set allowed_mime_types = $1 where id = 'chat-files'",
      [before?.types],
    );
  }
});

test("a file that is larger than the plan allows becomes a notice", async () => {
  await asPostgres("update public.plans set max_file_bytes = 10 where slug = 'free'");
  try {
    const { sessionId, chat } = await makeFile("code_file");
    expect(chat.lastMessage?.parts.at(-1)).toMatchObject({
      type: "data-notice",
      data: { code: "made_file_too_large" },
    });
    expect(await filesOf(user, sessionId)).toEqual([]);
  } finally {
    await asPostgres("update public.plans set max_file_bytes = 52428800 where slug = 'free'");
  }
});

test("a file whose container has expired becomes a notice", async () => {
  await behave({ scenario: "code_file", variant: "expired" });
  const sessionId = await createSession(user, "maker");
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Make a report" });

  expect(chat.error).toBeUndefined();
  expect(readText(chat.lastMessage)).toContain("report.csv");
  expect(chat.lastMessage?.parts.at(-1)).toMatchObject({
    type: "data-notice",
    data: { code: "made_file_expired" },
  });
  expect(await filesOf(user, sessionId)).toEqual([]);
});

test("the model is shown its image again in a new conversation, with two requests", async () => {
  const { sessionId, chat } = await makeFile("image");
  const [made] = await filesOf(user, sessionId);
  const row = await indexed(user, made?.id ?? "");
  const { thread_id } = must(
    await user.client.from("chat_sessions").select("thread_id").eq("id", sessionId).single(),
  );
  await asPostgres("update public.chat_sessions set thread_id = null where id = $1", [sessionId]);
  await forgetConversation(thread_id ?? "");
  await resetOpenAI();
  const before = (await openaiRequests()).length;

  await chat.sendMessage({ text: "Describe it" });

  expect(chat.error).toBeUndefined();
  const requests = (await openaiRequests()).slice(before)
    .filter(({ method, path, body }) =>
      method === "POST" && /^\/v1\/(responses|conversations)/.test(path) &&
      !JSON.stringify(body).includes('"purpose":"title"')
    );
  expect(requests.map(({ path }) => path)).toEqual(["/v1/conversations", "/v1/responses"]);
  expect(requests[1]?.body).toMatchObject({
    input: [
      { role: "user" },
      { role: "assistant", content: expect.stringContaining("[Created file: image.png]") },
      {
        role: "user",
        content: [
          { type: "input_text", text: expect.stringContaining("you created") },
          { type: "input_image", file_id: row.openai_file_id },
          { type: "input_text", text: "Describe it" },
        ],
      },
    ],
  });
  expect(readText(chat.lastMessage)).toContain("1 image(s)");
});

test("a chat deleted while the reply goes on leaves nothing in Storage or at OpenAI", async () => {
  const owner = await createUser();
  await behave({
    scenario: "image",
    reply: Array(40).fill("word").join(" "),
    tokens_per_second: 10,
  });
  const sessionId = await createSession(owner, "maker");
  const stream = await postChat({ session_id: sessionId, content: "Draw" }, owner.accessToken);
  await expect.poll(async () => (await filesOf(owner, sessionId)).length).toBe(1);

  must(await owner.client.from("chat_sessions").delete().eq("id", sessionId).select("id").single());
  await stream.text();

  await expect.poll(async () => {
    await drain();
    return [...await objectsOf(owner), ...await orphans()];
  }, { timeout: 20_000 }).toEqual([]);
});

test("a regenerated reply replaces its file", async () => {
  const { sessionId, chat } = await makeFile("image");
  const [old] = await filesOf(user, sessionId);

  await chat.regenerate();

  expect(chat.error).toBeUndefined();
  await settled(user, sessionId);
  const [row, ...rest] = await filesOf(user, sessionId);
  expect(rest).toEqual([]);
  if (!row) throw new Error("the file of the new reply is missing");
  expect(row.message_id).toBe((await lastReply(user, sessionId)).id);
  expect(chat.lastMessage?.parts.at(-1)).toEqual(filePart(row));
  await drain();
  expect(await objectsOf(user)).toContain(row.storage_path);
  if (old && old.id !== row.id) expect(await objectsOf(user)).not.toContain(old.storage_path);
});

test("deleting the chat deletes its files everywhere; the export has them until then", async () => {
  const owner = await createUser();
  const { sessionId } = await makeFile("code_file", owner);
  const [row] = await filesOf(owner, sessionId);
  const { chat_files } = await readExport(owner);
  expect(chat_files).toMatchObject([{
    id: row?.id,
    origin: "assistant",
    download_url: expect.stringContaining("/object/sign/"),
  }]);
  await indexed(owner, row?.id ?? "");

  must(await owner.client.from("chat_sessions").delete().eq("id", sessionId).select("id").single());
  await drain();

  expect(await objectsOf(owner)).toEqual([]);
  expect(await orphans()).toEqual([]);
});

test("readers of a shared chat see that there is a file, as for files of the user", async () => {
  const { sessionId } = await makeFile("image");
  const token = must(
    await user.client.rpc("set_chat_visibility", { session_id: sessionId, visibility: "public" }),
  );

  const shared = must(await createTestClient().rpc("get_shared_chat", { token }));

  expect(shared).toMatchObject({
    messages: [
      { sender: "user" },
      {
        sender: "assistant",
        parts: expect.arrayContaining([
          { type: "file", filename: "image.png", mediaType: "image/png" },
        ]),
      },
    ],
  });
  expect(JSON.stringify(shared)).not.toContain("parley:file");
});
