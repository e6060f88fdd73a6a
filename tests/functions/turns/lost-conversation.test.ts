import { expect, test } from "vitest";
import { openChat } from "../../helpers/chat-client.ts";
import { forgetConversation } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";

const user = await createUser();

async function threadOf(sessionId: string): Promise<string | null> {
  const query = user.client.from("chat_sessions").select("thread_id").eq("id", sessionId).single();
  return must(await query).thread_id;
}

test("a conversation that OpenAI has lost is rebuilt in the same request", async () => {
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "My horse is called Comet." });
  const lost = await threadOf(sessionId);
  await forgetConversation(lost ?? "");

  await chat.sendMessage({ text: "What is my horse called?" });

  expect(chat.error).toBeUndefined();
  expect(chat.lastMessage?.parts.find((part) => part.type === "text")?.text).toContain("Comet");
  expect(await threadOf(sessionId)).toMatch(/^conv_/);
  expect(await threadOf(sessionId)).not.toBe(lost);
});

test("a thread of the old Assistants API is replaced by a conversation with the history", async () => {
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "My horse is called Comet." });
  await asPostgres("update public.chat_sessions set thread_id = 'thread_' || id where id = $1", [
    sessionId,
  ]);

  await chat.sendMessage({ text: "What is my horse called?" });

  expect(chat.lastMessage?.parts.find((part) => part.type === "text")?.text).toContain("Comet");
  expect(await threadOf(sessionId)).toMatch(/^conv_/);
});

test("a long history is copied into the new conversation completely", async () => {
  const sessionId = await createSession(user);
  await asPostgres(
    `insert into public.chat_messages (session_id, user_id, seq, sender, content)
     select $1, $2, n, case n % 2 when 1 then 'user' else 'assistant' end, 'message number ' || n
     from generate_series(1, 61) n`,
    [sessionId, user.profileId],
  );
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "And now?" });

  const text = chat.lastMessage?.parts.find((part) => part.type === "text")?.text;
  expect(text).toContain("message number 61");
  expect(text).toContain("turn 32");
});
