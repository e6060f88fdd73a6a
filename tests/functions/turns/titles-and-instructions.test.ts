import { expect, test } from "vitest";
import { openChat } from "../../helpers/chat-client.ts";
import { openaiRequests } from "../../helpers/openai.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";
import { readUsage } from "../../helpers/turns.ts";

const user = await createUser();

async function titleOf(sessionId: string): Promise<string | null> {
  return must(await user.client.from("chat_sessions").select("title").eq("id", sessionId).single())
    .title;
}

test("after the first turn a session has a title, booked separately and charged to nobody's quota", async () => {
  const sessionId = await createSession(user);
  const before = (await readUsage(user)).monthly_messages.used;

  await openChat(user, sessionId).sendMessage({ text: "How do I grow tomatoes on a balcony?" });

  await expect.poll(() => titleOf(sessionId)).toBeTruthy();
  expect((await readUsage(user)).monthly_messages.used).toBe(before + 1);
  const titles = must(await user.client.from("usage_metrics").select().eq("feature_type", "title"));
  expect(titles).toHaveLength(1);
  const request = (await openaiRequests()).findLast(({ body }) =>
    JSON.stringify(body).includes('"title"')
  );
  expect(request?.body).not.toHaveProperty("conversation");
});

test("a title that the user has set is never overwritten", async () => {
  const { id } = must(
    await user.client.from("chat_sessions").insert({ assistant_slug: "coach", title: "Mine" })
      .select("id").single(),
  );

  await openChat(user, id).sendMessage({ text: "Hello" });
  const other = await createSession(user);
  await openChat(user, other).sendMessage({ text: "Hello" });

  await expect.poll(() => titleOf(other)).toBeTruthy();
  expect(await titleOf(id)).toBe("Mine");
});

test("custom instructions are added to the turn, after the assistant's own", async () => {
  const sessionId = await createSession(user);
  must(
    await user.client.from("custom_instructions").upsert({
      user_id: user.profileId,
      content: "Call me Captain.",
    }).select(),
  );

  await openChat(user, sessionId).sendMessage({ text: "Ahoy" });

  const request = (await openaiRequests()).findLast(({ path, body }) =>
    path === "/v1/responses" && JSON.stringify(body).includes("Ahoy") &&
    JSON.stringify(body).includes('"conversation"')
  );
  expect(JSON.stringify(request?.body)).toMatch(/patient coach.*Call me Captain\./);
});

test("custom instructions have a maximum length, and only their user can read them", async () => {
  const table = user.client.from("custom_instructions");
  const stranger = await createUser();

  expect((await table.upsert({ user_id: user.profileId, content: "x".repeat(4_001) })).error?.code)
    .toBe("PT413");
  expect(must(await stranger.client.from("custom_instructions").select())).toEqual([]);
  const foreign = await stranger.client.from("custom_instructions").insert({
    user_id: user.profileId,
    content: "x",
  });
  expect(foreign.error?.code).toBe("42501");
});
