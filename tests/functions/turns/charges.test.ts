// What the user sees and pays when a turn ends without the usual text.
import { afterEach, expect, test } from "vitest";
import { openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { readUsage, settled, stopSession } from "../../helpers/turns.ts";

afterEach(resetOpenAI);

async function repliesOf(user: TestUser) {
  const query = user.client.from("chat_messages").select().eq("sender", "assistant").order("seq");
  return must(await query);
}

async function bookedBy(user: TestUser) {
  return must(await user.client.from("usage_metrics").select().eq("feature_type", "chat"));
}

test("ten long messages with search that are stopped at once are all charged and booked", async () => {
  const user = await createUser();
  await behave({ reply: Array(60).fill("word").join(" "), tokens_per_second: 5 });
  const content = "x".repeat(31_999);

  for (let sent = 0; sent < 10; sent += 1) {
    const sessionId = await createSession(user);
    const sending = postChat({ session_id: sessionId, content, search: true }, user.accessToken);
    // The first stops arrive before the turn has begun.
    await expect.poll(async () => (await stopSession(user, sessionId)).status, { interval: 30 })
      .toBe(200);
    await (await sending).text();
    await settled(user, sessionId);
  }

  const replies = await repliesOf(user);
  expect(replies).toHaveLength(10);
  for (const reply of replies) {
    expect(reply.status).toBe("stopped");
    expect(reply.input_tokens).toBeGreaterThanOrEqual(7_999);
  }
  const usage = await readUsage(user);
  expect([usage.monthly_messages.used, usage.monthly_searches.used]).toEqual([10, 10]);
  const [metric, ...others] = await bookedBy(user);
  expect(others).toEqual([]);
  expect(metric?.request_count).toBe(10);
  expect(metric?.input_tokens).toBeGreaterThanOrEqual(79_990);
  expect(metric?.total_cost).toBeGreaterThan(0);
});

test.for(
  [
    ["only reasoning", { scenario: "reasoning_only", variant: "completed" }, "stop", false],
    [
      "reasoning that was cut off",
      {
        scenario: "reasoning_only",
        variant: "incomplete",
      },
      "length",
      false,
    ],
    ["no output", { scenario: "empty_output" }, "stop", false],
    ["a filtered text", { scenario: "filtered" }, "content-filter", true],
  ] as const,
)("a reply with %s is complete and charged once", async ([, behaviour, reason, hasText]) => {
  const user = await createUser();
  const sessionId = await createSession(user);
  await behave({ reply: "one two three four", ...behaviour });

  const answer = await postChat({ session_id: sessionId, content: "Count" }, user.accessToken);
  const stream = await answer.text();

  expect(answer.status).toBe(200);
  expect(stream).toContain(`"finishReason":"${reason}"`);
  const [reply] = await repliesOf(user);
  expect(reply?.status).toBe("complete");
  expect(reply?.content !== "").toBe(hasText);
  expect((await readUsage(user)).monthly_messages.used).toBe(1);
  const [metric] = await bookedBy(user);
  expect(metric?.request_count).toBe(1);
  expect(metric?.input_tokens).toBeGreaterThan(0);

  await behave({ reply: "Fine." });
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "And then?" });
  expect(readText(chat.lastMessage)).toBe("Fine.");
});

test("input that OpenAI writes to its cache is booked at its own price", async () => {
  const user = await createUser();
  await asPostgres(
    `insert into public.assistants (slug, name, description, model)
     values ('luna', 'Luna', 'Has a model with such a price.', 'gpt-6-luna')`,
  );
  try {
    const body = { session_id: await createSession(user, "luna"), content: "x".repeat(8_000) };
    await (await postChat(body, user.accessToken)).text();

    const [metric] = await bookedBy(user);
    const { input_tokens: input = 0, output_tokens: output = 0, total_cost } = metric ?? {};
    // The emulator writes whole blocks of 128 tokens.
    const written = input - (input % 128);
    expect(written).toBeGreaterThan(1_900);
    const dollars = ((input - written) * 0.1 + written * 0.125 + output * 0.5) / 1e6;
    expect(total_cost).toBeCloseTo(dollars, 6);
  } finally {
    await asPostgres("delete from public.chat_sessions where assistant_slug = 'luna'");
    await asPostgres("delete from public.assistants where slug = 'luna'");
  }
});

test("a temperature that the model refuses is the operator's mistake, and costs nothing", async () => {
  const user = await createUser();
  // The emulator, as OpenAI, refuses a temperature for this model; `models` does not know it.
  await asPostgres(
    `insert into public.assistants (slug, name, description, model, temperature)
     values ('warm', 'Warm', 'Has a temperature.', 'o3', 0.7)`,
  );
  await asPostgres(
    "insert into private.assistant_instructions (slug, instructions) values ('warm', 'Be kind.')",
  );
  try {
    const body = { session_id: await createSession(user, "warm"), content: "Hello" };
    const answer = await postChat(body, user.accessToken);

    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ code: "provider_misconfigured" });
    expect((await repliesOf(user))[0]).toMatchObject({ status: "failed", content: "" });
    expect((await readUsage(user)).monthly_messages.used).toBe(0);
    expect(await bookedBy(user)).toEqual([]);
  } finally {
    await asPostgres("delete from public.chat_sessions where assistant_slug = 'warm'");
    await asPostgres("delete from public.assistants where slug = 'warm'");
  }
});

test("a chat whose assistant was switched off says so, costs nothing, and goes on afterwards", async () => {
  const user = await createUser();
  const sessionId = await createSession(user, "editor");
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Hello" });
  const switchTo = (isOn: boolean) =>
    asPostgres("update public.assistants set is_active = $1 where slug = 'editor'", [isOn]);

  await switchTo(false);
  try {
    const refused = await postChat({ session_id: sessionId, content: "And?" }, user.accessToken);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ code: "assistant_unavailable" });
  } finally {
    await switchTo(true);
  }

  expect((await readUsage(user)).monthly_messages.used).toBe(1);
  expect(await repliesOf(user)).toHaveLength(1);
  await chat.sendMessage({ text: "And then?" });
  expect(chat.error).toBeUndefined();
});
