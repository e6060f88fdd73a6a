import { expect, test } from "vitest";
import { openChat } from "../../helpers/chat-client.ts";
import { createSession, createTestClient, createUser, must } from "../../helpers/stack.ts";

const owner = await createUser();
const stranger = await createUser();
const sessionId = await createSession(owner);
await openChat(owner, sessionId).sendMessage({ text: "Share this" });
const anonymous = createTestClient();

async function setVisibility(visibility: string): Promise<string> {
  return must(
    await owner.client.rpc("set_chat_visibility", { session_id: sessionId, visibility }),
  );
}

test("anyone with the token can read that chat until the owner revokes it", async () => {
  const token = await setVisibility("public");

  for (const client of [anonymous, stranger.client]) {
    expect(must(await client.rpc("get_shared_chat", { token }))).toEqual({
      title: expect.toSatisfy((title) => title === null || typeof title === "string"),
      assistant: { slug: "coach", name: "Coach" },
      messages: [
        { sender: "user", parts: [{ type: "text", text: "Share this" }] },
        { sender: "assistant", parts: [{ type: "text", text: expect.any(String) }] },
      ],
    });
  }

  await setVisibility("private");
  expect(must(await anonymous.rpc("get_shared_chat", { token }))).toBeNull();
  const next = await setVisibility("public");
  expect(next).not.toBe(token);
  expect(must(await anonymous.rpc("get_shared_chat", { token }))).toBeNull();
});

test("a shared chat shows no person, no id and no count", async () => {
  const token = await setVisibility("public");

  const text = JSON.stringify(must(await anonymous.rpc("get_shared_chat", { token })));

  const { data: rows } = await owner.client.from("chat_messages").select().eq(
    "session_id",
    sessionId,
  );
  const secrets = [sessionId, owner.profileId, owner.authId, owner.email, "token", "response"]
    .concat(rows!.flatMap(({ id, response_id, client_id }) => [id, response_id!, client_id!]));
  expect(secrets.filter((secret) => secret && text.includes(secret))).toEqual([]);
});

test("shared chats cannot be listed", async () => {
  await setVisibility("public");

  const seen = await stranger.client.from("chat_sessions").select().eq("visibility", "public");
  expect(must(seen)).toEqual([]);
  const anybody = await anonymous.from("chat_sessions").select().eq("visibility", "public");
  expect(anybody.error?.code).toBe("42501");
  const messages = await anonymous.from("chat_messages").select().eq("session_id", sessionId);
  expect(messages.error?.code).toBe("42501");
});

test("guessed tokens show nothing", async () => {
  await setVisibility("public");

  for (const token of ["", "%", "_".repeat(32), sessionId, "x".repeat(10_000)]) {
    expect(must(await anonymous.rpc("get_shared_chat", { token }))).toBeNull();
  }
});

test("a user cannot share another user's chat or choose the token", async () => {
  const args = { session_id: sessionId, visibility: "public" };
  const foreign = await stranger.client.rpc("set_chat_visibility", args);
  expect(foreign).toMatchObject({ status: 404, error: { message: "session_not_found" } });
  expect(foreign.error?.hint).toMatch(/^This chat does not exist or belongs to another user\. /);
  const chosen = await owner.client.from("chat_sessions").update({ share_token: "mine" })
    .eq("id", sessionId);
  expect(chosen.error?.code).toBe("42501");
  const nobody = await anonymous.rpc("set_chat_visibility", args);
  expect(nobody.error?.code).toBe("42501");
});
