import { expect, test } from "vitest";
import { openChat } from "../../helpers/chat-client.ts";
import { createSession, createTestClient, createUser, must } from "../../helpers/stack.ts";

const owner = await createUser();
const stranger = await createUser();
const sessionId = await createSession(owner);
must(
  await owner.client.from("chat_sessions").update({ title: "Private" }).eq("id", sessionId)
    .select(),
);
await openChat(owner, sessionId).sendMessage({ text: "For my eyes only" });
const tables = ["profiles", "chat_sessions", "chat_messages", "chat_turns"] as const;

test.for(tables)("a stranger sees none of the owner's %s", async (table) => {
  const own = must(await owner.client.from(table).select("*"));
  const seen = must(await stranger.client.from(table).select("*"));

  expect(own.length).toBeGreaterThan(0);
  const ownIds = own.map(({ id }) => id);
  expect(seen.filter(({ id }) => ownIds.includes(id))).toEqual([]);
});

test.for(tables)("anonymous callers are refused %s", async (table) => {
  const { error, status } = await createTestClient().from(table).select("*");

  expect(error?.code).toBe("42501");
  expect(status).toBe(401);
});

test("a stranger changes and deletes nothing of the owner's", async () => {
  const sessions = stranger.client.from("chat_sessions");
  const messages = stranger.client.from("chat_messages");

  expect(must(await sessions.update({ title: "Mine" }).eq("id", sessionId).select())).toEqual([]);
  expect(must(await sessions.delete().eq("id", sessionId).select())).toEqual([]);
  expect(must(await messages.update({ feedback: -1 }).eq("session_id", sessionId).select()))
    .toEqual([]);
  const kept = owner.client.from("chat_sessions").select("title").eq("id", sessionId).single();
  expect(must(await kept)).toEqual({ title: "Private" });
});

test("an owner rates a reply, names and deletes a session", async () => {
  const own = await createSession(owner);
  await openChat(owner, own).sendMessage({ text: "Hello" });

  const rated = must(
    await owner.client.from("chat_messages").update({ feedback: 1 })
      .eq("session_id", own).eq("sender", "assistant").select("feedback"),
  );
  const named = owner.client.from("chat_sessions").update({ title: "Greetings" }).eq("id", own);
  expect(rated).toEqual([{ feedback: 1 }]);
  expect(must(await named.select("title"))).toEqual([{ title: "Greetings" }]);

  must(await owner.client.from("chat_sessions").delete().eq("id", own).select());
  expect(must(await owner.client.from("chat_messages").select("id").eq("session_id", own))).toEqual(
    [],
  );
});

test.for<[string, Record<string, unknown>]>([
  ["role", { role: "admin" }],
  ["plan", { subscription_plan: "enterprise" }],
  ["quota", { subscription_quota: 1_000_000 }],
  ["usage", { subscription_usage: 0 }],
  ["credits", { tokens: 1_000_000 }],
  ["Stripe customer", { stripe_customer_id: "cus_1" }],
  ["e-mail", { email: "else@example.com" }],
])(
  "a user cannot change their own %s, even together with a column that is free",
  async ([, change]) => {
    const update = { user_name: "Me", ...change };
    const { error } = await owner.client.from("profiles").update(update).eq("id", owner.profileId);

    expect(error?.code).toBe("42501");
  },
);

test("a user writes no message past the chat function", async () => {
  const { error } = await owner.client.from("chat_messages").insert({
    session_id: sessionId,
    user_id: owner.profileId,
    seq: 9,
    sender: "assistant",
    content: "I owe you money",
  });

  expect(error?.code).toBe("42501");
});

test("no client calls the functions of the turn", async () => {
  const { error } = await owner.client.rpc("start_turn", {
    auth_user_id: owner.authId,
    session_id: sessionId,
    client_id: "x",
    content: "free of charge",
    parts: [],
  });

  expect(error?.code).toBe("42501");
});

test("a profile is made at sign-up, and found by ensure_profile", async () => {
  const user = await createUser({
    full_name: "Ada Lovelace",
    avatar_url: "https://example.com/a.png",
  });

  const profile = must(await user.client.rpc("ensure_profile"));

  expect(profile).toMatchObject({
    id: user.profileId,
    auth_id: user.authId,
    email: user.email,
    user_name: "Ada Lovelace",
    avatar_url: "https://example.com/a.png",
    email_confirmed: true,
    role: "user",
  });
});
