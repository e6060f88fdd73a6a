// What is attached is what is read.
import { afterEach, expect, onTestFinished, test } from "vitest";
import { loadHistory, openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { commandOpenAI, indexed, remoteObjects, upload, uploadReady } from "../../helpers/files.ts";
import { behave, forgetConversation, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { filterOf, lastTurn, sentTurns, shownFiles } from "../../helpers/sent-turns.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";
import { buildPdf } from "@parley/openai-emulator/retrieval/build-documents.ts";
import type { FileReply } from "../../../types/api.ts";
import type { TestChat } from "../../helpers/test-chat.ts";

afterEach(resetOpenAI);
const user = await createUser();
/** Turns a minute are limited. */
const namer = await createUser();

/** Returns the part of a message that attaches a file. */
function attach({ id, file_name, file_type }: FileReply) {
  return {
    type: "file" as const,
    mediaType: file_type,
    filename: file_name,
    url: `parley:file/${id}`,
  };
}

async function send(chat: TestChat, text: string, ...files: FileReply[]): Promise<void> {
  await chat.sendMessage({ parts: [{ type: "text", text }, ...files.map(attach)] });
  expect(chat.error).toBeUndefined();
}

function citedIn(chat: TestChat): { id: string; name: string | undefined }[] {
  return chat.lastMessage?.parts.flatMap((part) =>
    part.type === "source-document" ? [{ id: part.sourceId, name: part.filename }] : []
  ) ?? [];
}

async function uploadPdf(sessionId: string, line: string, name: string): Promise<FileReply> {
  const pdf = Uint8Array.from(buildPdf([line]));
  const row = await indexed(user, (await upload(user, sessionId, pdf, name)).id);
  expect(row.error).toBeNull();
  return row;
}

async function loseConversation(sessionId: string): Promise<void> {
  const query = user.client.from("chat_sessions").select("thread_id").eq("id", sessionId).single();
  await forgetConversation(must(await query).thread_id ?? "");
}

test("of ten similar files, the attached one is cited, 20 of 20 times", async () => {
  const owner = await createUser();
  const sessionId = await createSession(owner);
  const files: FileReply[] = [];
  for (let week = 1; week <= 10; week += 1) {
    const text = `# 売上報告\n\n第${week}週の売上は${week}00万円でした。担当は田中さんです。\n`;
    files.push(await uploadReady(owner, sessionId, text, `売上報告_第${week}週.txt`));
  }
  const chat = openChat(owner, sessionId);
  await behave({ tokens_per_second: 10_000 });

  for (let round = 0; round < 20; round += 1) {
    const file = files[(round * 7) % 10];
    if (!file) throw new Error("no file");
    await send(chat, "売上はいくらでしたか。", file);
    expect(citedIn(chat)).toEqual([{ id: file.id, name: file.file_name }]);
    expect(filterOf(await lastTurn(sessionId)))
      .toEqual({ type: "eq", key: "file_id", value: file.id });
  }
  expect(JSON.stringify(chat.messages)).not.toContain("~parley-");
});

test("a turn searches the files that it attaches or names, and otherwise all", async () => {
  const sessionId = await createSession(user);
  const plan = await uploadReady(user, sessionId, "The horse is grey.", "plan.md");
  const report = await uploadReady(user, sessionId, "The horse is black.", "週報.txt");
  await uploadReady(user, sessionId, "The horse is white.", "notes.md");
  const chat = openChat(user, sessionId);

  await send(chat, "What colour is the horse?");
  expect(filterOf(await lastTurn(sessionId))).toBeUndefined();

  await send(chat, "What colour is the horse in 週報.txtでは?");
  expect(citedIn(chat)).toEqual([{ id: report.id, name: "週報.txt" }]);

  await send(chat, "What colour is the horse in 週報.txt?", plan);
  expect(filterOf(await lastTurn(sessionId)))
    .toEqual({ type: "in", key: "file_id", value: [plan.id, report.id] });

  await send(chat, "And what colour is it in general?");
  expect(filterOf(await lastTurn(sessionId))).toBeUndefined();
});

test("the model reads which files come with a message and which the chat has, also in a rebuilt history", async () => {
  const sessionId = await createSession(user);
  const plan = await uploadReady(user, sessionId, "The horse is grey.", "plan.md");
  const report = await uploadReady(user, sessionId, "The horse is black.", "週報.txt");
  const chat = openChat(user, sessionId);
  await send(chat, "What colour is the horse?", report);

  const first = await lastTurn(sessionId);
  expect(first.instructions).toMatch(/Files in this chat:\n- plan\.md\n- 週報\.txt$/);
  const asked = [{ type: "input_text", text: "What colour is the horse?\n\nAttached: 週報.txt" }];
  expect(first.input).toEqual([{ role: "user", content: asked }]);

  await loseConversation(sessionId);
  await send(chat, "And this one?", plan);

  const rebuilt = await lastTurn(sessionId);
  expect(rebuilt.input).toEqual([
    { role: "user", content: asked },
    expect.objectContaining({ role: "assistant" }),
    { role: "user", content: [{ type: "input_text", text: "And this one?\n\nAttached: plan.md" }] },
  ]);
});

test("files in a store have attributes, also after the store was built again", async () => {
  const sessionId = await createSession(user);
  const other = await uploadReady(user, sessionId, "The horse is black.", "b.md");
  // The first file comes with the store, the second one is attached to it.
  const file = await uploadReady(user, sessionId, "The horse is grey.", "馬.md");
  const attributes = { file_id: file.id, session_id: sessionId, name: "馬.md" };
  const attached = async () =>
    (await openaiRequests()).filter(({ path }) => /\/vector_stores\/.*\/file/.test(path))
      .map(({ body }) => body);
  expect(await attached()).toContainEqual({ file_id: file.openai_file_id, attributes });

  const store = must(
    await user.client.from("vector_stores").select().eq("session_id", sessionId).single(),
  );
  await commandOpenAI(`vector_stores/${store.store_id}/expire`);
  const chat = openChat(user, sessionId);
  await send(chat, "What colour is the horse?", file);

  expect(citedIn(chat)).toEqual([{ id: file.id, name: "馬.md" }]);
  expect(await attached()).toContainEqual({
    files: [
      expect.objectContaining({ file_id: other.openai_file_id }),
      { file_id: file.openai_file_id, attributes },
    ],
  });
});

test.for([
  "Terms & conditions.md",
  "売上報告_今週.txt",
  "周报（最终版）.txt",
  "주간 보고서.txt",
  "Отчёт за неделю.txt",
  "تقرير الأسبوع.txt",
  "דוח שבועי.txt",
  "साप्ताहिक रिपोर्ट.txt",
  "รายงานประจำสัปดาห์.txt",
  "Εβδομαδιαία αναφορά.txt",
  "אבג abc ١٢٣ (copy).txt",
  "🦄🌈.md",
  `${"長".repeat(300)}.txt`,
])(
  "the name %s is the same for the user, in the row, in citations and in the text",
  async (name) => {
    const sessionId = await createSession(namer);
    const file = await uploadReady(namer, sessionId, `The horse of ${name} is called Comet.`, name);
    const shown = Array.from(name).length > 255 ? `${"長".repeat(251)}.txt` : name;
    expect(file.file_name).toBe(shown);
    const { files } = await remoteObjects();
    const remote = files.find(({ id }) => id === file.openai_file_id)?.filename ?? "";
    expect(remote).toMatch(/~parley-[0-9a-f]{8}-[0-9a-f]{8}\.[a-z]+$/);
    const seen = remote.slice(0, remote.lastIndexOf("~parley-"));
    expect(shown === name ? seen : shown.slice(0, seen.length)).toBe(shown === name ? name : seen);

    const chat = openChat(namer, sessionId);
    await send(chat, "What is the horse called?", file);

    expect(citedIn(chat)).toEqual([{ id: file.id, name: shown }]);
    expect(readText(chat.lastMessage)).toContain(`In ${seen} I found`);
    expect(JSON.stringify(chat.messages)).not.toContain("~parley-");
    expect(await loadHistory(namer, sessionId)).toEqual(chat.messages);
    const { input, instructions } = await lastTurn(sessionId);
    expect(JSON.stringify(input)).toContain(`Attached: ${shown}"`);
    expect(instructions).toContain(`\n- ${shown}`);
  },
);

test("an attached PDF is shown to the model whole, and only in that turn", async () => {
  const sessionId = await createSession(user);
  const letter = await uploadPdf(sessionId, "The horse of the mayor is called Comet.", "手紙.pdf");
  const text = await uploadReady(user, sessionId, "The horse is grey.", "notes.md");
  const chat = openChat(user, sessionId);

  await send(chat, "What is the horse called?", letter, text);
  expect(shownFiles(await lastTurn(sessionId))).toEqual([[letter.openai_file_id]]);
  expect(readText(chat.lastMessage)).toContain('In 手紙.pdf I read: "The horse of the mayor');

  await send(chat, "What is the horse called in 手紙.pdf?");
  expect(shownFiles(await lastTurn(sessionId))).toEqual([[]]);
  expect(citedIn(chat)).toEqual([{ id: letter.id, name: "手紙.pdf" }]);

  await loseConversation(sessionId);
  await send(chat, "Are you sure?");
  const [first, ...others] = shownFiles(await lastTurn(sessionId));
  expect(first).toEqual([letter.openai_file_id]);
  expect(others.flat()).toEqual([]);
});

test("a PDF of more than 10 MB, or for a model that sees no images, is only searched", async () => {
  const sessionId = await createSession(user);
  const letter = await uploadPdf(sessionId, "The horse is called Comet.", "letter.pdf");
  const chat = openChat(user, sessionId);
  const isShown = async () => {
    await send(chat, "What is the horse called?", letter);
    expect(citedIn(chat)).toEqual([{ id: letter.id, name: "letter.pdf" }]);
    return shownFiles(await lastTurn(sessionId)).flat().length > 0;
  };
  const setSize = (size: number) =>
    asPostgres("update public.chat_files set file_size = $2 where id = $1", [letter.id, size]);

  await setSize(10_000_001);
  expect(await isShown()).toBe(false);
  await setSize(10_000_000);
  expect(await isShown()).toBe(true);

  const [coach] = await asPostgres<{ model: string }>(
    "select model from public.assistants where slug = 'coach'",
  );
  const setSight = (sees: boolean) =>
    asPostgres("update public.models set accepts_images = $2 where model = $1", [
      coach?.model,
      sees,
    ]);
  await setSight(false);
  onTestFinished(async () => void await setSight(true));
  expect(await isShown()).toBe(false);
});

test.for(
  [
    ["the file", { scenario: "file_refused" }],
    ["its tokens", { scenario: "context_exceeded", max_input_tokens: 1, times: 1 }],
  ] as const,
)("when OpenAI refuses %s, the turn goes on with search", async ([, behaviour]) => {
  const sessionId = await createSession(user);
  const letter = await uploadPdf(sessionId, "The horse is called Comet.", "letter.pdf");
  const chat = openChat(user, sessionId);
  await behave(behaviour);

  await send(chat, "What is the horse called?", letter);

  expect(citedIn(chat)).toEqual([{ id: letter.id, name: "letter.pdf" }]);
  const sent = await sentTurns(sessionId);
  expect(sent.map((turn) => shownFiles(turn).flat().length)).toEqual([1, 0]);
});

test("a PDF that OpenAI has lost is sent again, and shown", async () => {
  const sessionId = await createSession(user);
  const letter = await uploadPdf(sessionId, "The horse is called Comet.", "letter.pdf");
  await commandOpenAI(`files/${letter.openai_file_id}/forget`);
  const chat = openChat(user, sessionId);

  await send(chat, "What is the horse called?", letter);

  const { openai_file_id } = await indexed(user, letter.id);
  expect(openai_file_id).not.toBe(letter.openai_file_id);
  expect(shownFiles(await lastTurn(sessionId))).toEqual([[openai_file_id]]);
  expect(readText(chat.lastMessage)).toContain("In letter.pdf I read");
});

test("files named in the short body are attached in the same way", async () => {
  const sessionId = await createSession(user);
  const file = await uploadReady(user, sessionId, "The horse is grey.", "plan.md");
  await uploadReady(user, sessionId, "The horse is black.", "notes.md");

  const body = { session_id: sessionId, content: "What colour is it?", file_ids: [file.id] };
  await (await postChat(body, user.accessToken)).text();

  const sent = await lastTurn(sessionId);
  expect(filterOf(sent)).toEqual({ type: "eq", key: "file_id", value: file.id });
  expect(JSON.stringify(sent.input)).toContain("Attached: plan.md");
});
