import { expect, test } from "vitest";
import { loadHistory, openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { indexed, remoteObjects, upload, uploadReady } from "../../helpers/files.ts";
import { createSession, createUser } from "../../helpers/stack.ts";

const user = await createUser();
const REFUNDS = "# Refunds\n\nMoney comes back within fourteen days when the seal is unbroken.\n";

test("the reply to a question about an uploaded text quotes it and cites it by Parley's id and name", async () => {
  const sessionId = await createSession(user);
  const file = await uploadReady(user, sessionId, REFUNDS, "Terms & conditions.md");
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "When does money come back?" });

  expect(chat.error).toBeUndefined();
  expect(readText(chat.lastMessage)).toContain("within fourteen days");
  expect(chat.lastMessage?.parts).toContainEqual({
    type: "source-document",
    sourceId: file.id,
    mediaType: "text/markdown",
    title: "Terms & conditions.md",
    filename: "Terms & conditions.md",
  });
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
});

test("a file named in a message is stored as the client sent it, and is linked to the message", async () => {
  const sessionId = await createSession(user);
  const file = await uploadReady(user, sessionId, REFUNDS);
  const chat = openChat(user, sessionId);

  await chat.sendMessage({
    parts: [
      { type: "text", text: "When does money come back?" },
      {
        type: "file",
        mediaType: "text/markdown",
        filename: "notes.md",
        url: `parley:file/${file.id}`,
      },
    ],
  });

  expect(chat.error).toBeUndefined();
  const history = await loadHistory(user, sessionId);
  expect(history).toEqual(chat.messages);
  const { data } = await user.client.from("chat_files").select("message_id").eq("id", file.id)
    .single().throwOnError();
  const { data: message } = await user.client.from("chat_messages").select("id, has_files")
    .eq("session_id", sessionId).eq("seq", 1).single().throwOnError();
  expect(message).toEqual({ id: data.message_id, has_files: true });
});

test("files named in the short body become parts of the stored message, even if it is sent twice", async () => {
  const sessionId = await createSession(user);
  const file = await uploadReady(user, sessionId, REFUNDS);
  const body = {
    session_id: sessionId,
    content: "When does money come back?",
    message_id: "m-1",
    file_ids: [file.id],
  };

  const first = await (await postChat(body, user.accessToken)).text();
  const again = await (await postChat(body, user.accessToken)).text();

  expect(first).toContain('"type":"finish"');
  expect(again).toContain('"type":"finish"');
  const [question, answer, ...rest] = await loadHistory(user, sessionId);
  expect(rest).toEqual([]);
  expect(readText(answer)).toContain("within fourteen days");
  expect(question?.parts).toEqual([
    { type: "text", text: body.content },
    {
      type: "file",
      mediaType: "text/markdown",
      filename: "notes.md",
      url: `parley:file/${file.id}`,
    },
  ]);
});

test("an image is sent to the model and not indexed for search", async () => {
  const sessionId = await createSession(user);
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
  const file = await indexed(user, (await upload(user, sessionId, png, "cat.png")).id);
  expect(file).toMatchObject({ status: "ready", file_type: "image/png", vector_store_id: null });
  const { files } = await remoteObjects();
  expect(files.find(({ id }) => id === file.openai_file_id)).toMatchObject({ purpose: "vision" });

  const body = { session_id: sessionId, content: "What is this?", file_ids: [file.id] };
  const stream = await (await postChat(body, user.accessToken)).text();

  expect(readText((await loadHistory(user, sessionId))[1])).toContain("1 image(s)");
  expect(stream).not.toContain("file_search");
});
