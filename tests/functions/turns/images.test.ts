// The model sees the history that the user sees, with its images, whatever happened to the chat before.
import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, readText } from "../../helpers/chat-client.ts";
import { commandOpenAI, remoteObjects } from "../../helpers/files.ts";
import { type ImagePart, readConversation, seenByUser, uploadImage } from "../../helpers/images.ts";
import { behave, forgetConversation, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";
import { settled, stopSession } from "../../helpers/turns.ts";
import type { TestChat } from "../../helpers/test-chat.ts";

afterEach(resetOpenAI);
const user = await createUser();

interface ImageChat {
  sessionId: string;
  chat: TestChat;
  image: ImagePart;
}

/** Opens a chat whose first message has an image and has been answered. */
async function openImageChat(): Promise<ImageChat> {
  const sessionId = await createSession(user);
  const image = await uploadImage(user, sessionId);
  const chat = openChat(user, sessionId);
  await behave({ reply: "A cat on a roof." });
  await chat.sendMessage({ text: "What is this?", files: [image] });
  expect(chat.error).toBeUndefined();
  return { sessionId, chat, image };
}

async function expectSameHistory({ sessionId }: ImageChat): Promise<string[]> {
  const { messages, imageIds } = await readConversation(user, sessionId);
  expect(messages).toEqual(seenByUser(await loadHistory(user, sessionId)));
  expect(messages[0]).toMatchObject({ role: "user", images: 1 });
  const living = (await remoteObjects()).files.map(({ id }) => id);
  for (const id of imageIds) expect(living).toContain(id);
  return imageIds;
}

async function loseConversation({ sessionId }: ImageChat): Promise<void> {
  const query = user.client.from("chat_sessions").select("thread_id").eq("id", sessionId).single();
  await forgetConversation(must(await query).thread_id ?? "");
}

const histories: Record<string, (chat: ImageChat) => Promise<void>> = {
  "a follow-up": async ({ chat }) => {
    await chat.sendMessage({ text: "What colour is it?" });
  },
  "a regenerated reply": async ({ chat }) => {
    await behave({ reply: "A dog on a roof." });
    await chat.regenerate();
    expect(chat.error).toBeUndefined();
  },
  "an edited question": async ({ chat, image }) => {
    const messageId = chat.messages[0]?.id;
    await chat.sendMessage({ text: "Where is this?", files: [image], messageId });
    expect(chat.error).toBeUndefined();
  },
  "an edited follow-up": async ({ chat }) => {
    await chat.sendMessage({ text: "What colour is it?" });
    await chat.sendMessage({ text: "How old is it?", messageId: chat.messages[2]?.id });
    expect(chat.error).toBeUndefined();
  },
  "a stopped reply": async ({ chat, sessionId }) => {
    await behave({ reply: Array(60).fill("word").join(" "), tokens_per_second: 10 });
    const sending = chat.sendMessage({ text: "What colour is it?" });
    await expect.poll(() => readText(chat.lastMessage)).toContain("word");
    await stopSession(user, sessionId);
    await sending;
    await settled(user, sessionId);
  },
  "a refused turn": async ({ chat }) => {
    await behave({ fail: { path: "/v1/responses", status: 400 } });
    await chat.sendMessage({ text: "What colour is it?" });
    expect(chat.error).toBeDefined();
  },
  "a turn that failed after some text": async ({ chat }) => {
    await behave({ reply: "It is black and white.", end: "failed" });
    await chat.sendMessage({ text: "What colour is it?" });
    expect(chat.error).toBeDefined();
  },
  "a lost conversation": loseConversation,
};

test.for(Object.entries(histories))(
  "after %s the model sees the history of the user, with its image",
  async ([, happen]) => {
    const opened = await openImageChat();
    await happen(opened);
    await behave({ reply: "It is a cat." });

    const chat = openChat(user, opened.sessionId, await loadHistory(user, opened.sessionId));
    await chat.sendMessage({ text: "Are you sure?" });

    expect(chat.error).toBeUndefined();
    expect(await expectSameHistory(opened)).toHaveLength(1);
  },
);

test("an image whose file OpenAI has lost is uploaded again, and the user notices nothing", async () => {
  const opened = await openImageChat();
  const [lost = ""] = await expectSameHistory(opened);
  await commandOpenAI(`files/${lost}/forget`);
  await loseConversation(opened);

  await opened.chat.sendMessage({ text: "What colour is it?" });

  expect(opened.chat.error).toBeUndefined();
  const ids = await expectSameHistory(opened);
  expect(ids).toHaveLength(1);
  expect(ids).not.toContain(lost);
  const answered = (await openaiRequests()).findLast(({ method, path, status, body }) =>
    method === "POST" && path === "/v1/responses" && status === 200 &&
    JSON.stringify(body).includes(opened.sessionId) &&
    !JSON.stringify(body).includes('"title"')
  );
  expect(answered?.body).toMatchObject({
    input: expect.arrayContaining([expect.objectContaining({
      content: expect.arrayContaining([{
        type: "input_image",
        file_id: ids[0],
        detail: "auto",
      }]),
    })]),
  });
});
