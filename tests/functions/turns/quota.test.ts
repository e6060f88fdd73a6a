import { afterEach, expect, test } from "vitest";
import { openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { readUsage } from "../../helpers/turns.ts";

afterEach(resetOpenAI);

async function send(user: TestUser, sessionId: string, more: Record<string, unknown> = {}) {
  const response = await postChat(
    { session_id: sessionId, content: "Hello", ...more },
    user.accessToken,
  );
  const text = await response.text();
  return { status: response.status, body: response.ok ? null : JSON.parse(text) };
}

/** Gives a user a quota with this many messages left. The other limits of the free plan stay. */
async function leave(user: TestUser, messages: number, credits = 0): Promise<void> {
  await asPostgres(
    "update public.profiles set subscription_usage = subscription_quota - $2, tokens = $3 where id = $1",
    [user.profileId, messages, credits],
  );
}

test("with one message left, fifty sends at once in fifty sessions admit exactly one", async () => {
  const user = await createUser();
  const sessions = await Promise.all(Array.from({ length: 50 }, () => createSession(user)));
  await asPostgres("update public.plans set turns_per_minute = 1000 where slug = 'free'");
  await leave(user, 1);

  const answers = await Promise.all(sessions.map((session) => send(user, session)));
  await asPostgres("update public.plans set turns_per_minute = 30 where slug = 'free'");

  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 402)).toHaveLength(49);
  expect(answers.find(({ status }) => status === 402)?.body).toMatchObject({
    code: "quota_exceeded",
    details: { limit: 200, reset_at: expect.any(String) },
  });
  const { monthly_messages, daily_messages } = await readUsage(user);
  expect(monthly_messages).toMatchObject({ used: 200, limit: 200 });
  expect(daily_messages.used).toBe(1);
  const written = must(await user.client.from("chat_messages").select("id"));
  expect(written).toHaveLength(2);
});

test("after the quota credits are used, one a message; expired credits are not", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await leave(user, 0, 1);

  expect((await send(user, session)).status).toBe(200);
  expect((await readUsage(user)).credits.balance).toBe(0);
  expect((await send(user, session)).status).toBe(402);

  await asPostgres(
    "update public.profiles set tokens = 5, tokens_expires_at = now() - interval '1 second' where id = $1",
    [user.profileId],
  );
  expect((await send(user, session)).body).toMatchObject({ code: "quota_exceeded" });
});

test("deleting messages or sessions refunds nothing", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await send(user, session);

  must(await user.client.from("chat_sessions").delete().eq("id", session).select());

  const usage = await readUsage(user);
  expect([usage.monthly_messages.used, usage.daily_messages.used]).toEqual([1, 1]);
});

test("a failure before the first token refunds exactly once, to the quota or to the credits", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await behave({ fail: { path: "/v1/responses", status: 400 } });

  expect((await send(user, session)).status).toBe(503);
  expect((await readUsage(user)).monthly_messages.used).toBe(0);
  expect((await readUsage(user)).daily_messages.used).toBe(0);

  await leave(user, 0, 3);
  expect((await send(user, session)).status).toBe(503);
  const usage = await readUsage(user);
  expect(usage.credits.balance).toBe(3);
  expect(usage.monthly_messages.used).toBe(200);
});

test("a failure after the first token refunds nothing", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await behave({ end: "failed", reply: "one two three" });

  await send(user, session);

  expect((await readUsage(user)).monthly_messages.used).toBe(1);
});

test("the limits a minute and a day answer 429 with the time of their reset", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await asPostgres(
    `insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
     values ($1, 'messages', date_trunc('day', now(), 'UTC'), 50, now())`,
    [user.profileId],
  );
  const daily = await send(user, session);
  expect(daily).toMatchObject({
    status: 429,
    body: { code: "daily_limit_reached", details: { limit: 50 } },
  });
  expect(Date.parse(daily.body.details.reset_at)).toBeGreaterThan(Date.now());

  await asPostgres(
    `insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
     select $1, 'turns', date_trunc('minute', now(), 'UTC') + n * interval '1 minute', 30, now()
     from generate_series(0, 1) n`,
    [user.profileId],
  );
  expect(await send(user, session)).toMatchObject({ status: 429, body: { code: "rate_limited" } });
  expect((await readUsage(user)).monthly_messages.used).toBe(0);
});

test("a search has its own limit, and a refused one charges no message", async () => {
  const user = await createUser();
  const session = await createSession(user);
  expect((await send(user, session, { search: true })).status).toBe(200);
  expect((await readUsage(user)).monthly_searches).toMatchObject({ used: 1, limit: 10 });
  const reply = user.client.from("chat_messages").select("parts").eq("session_id", session).eq(
    "sender",
    "assistant",
  );
  expect(JSON.stringify(must(await reply.single()).parts)).toContain("tool-web_search");

  await asPostgres(
    "update public.usage_counters set count = 10 where user_id = $1 and feature = 'searches'",
    [user.profileId],
  );
  const refused = await send(user, session, { search: true });
  expect(refused).toMatchObject({ status: 402, body: { code: "search_quota_exceeded" } });
  expect((await readUsage(user)).monthly_messages.used).toBe(1);
});

test("a new period starts from zero, and a changed plan brings its quota", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await leave(user, 0);
  await asPostgres(
    "update public.profiles set quota_last_reset = now() - interval '40 days' where id = $1",
    [user.profileId],
  );

  expect((await readUsage(user)).monthly_messages.used).toBe(0);
  expect((await send(user, session)).status).toBe(200);
  expect((await readUsage(user)).monthly_messages.used).toBe(1);

  await asPostgres("update public.profiles set subscription_plan = 'enterprise' where id = $1", [
    user.profileId,
  ]);
  expect((await readUsage(user)).monthly_messages.limit).toBeNull();
});

test("a database error while reserving refuses the turn and leaves nothing", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await asPostgres(
    "alter table public.usage_counters add constraint broken check (count > 999) not valid",
  );
  try {
    expect((await send(user, session)).status).toBe(500);
  } finally {
    await asPostgres("alter table public.usage_counters drop constraint broken");
  }

  expect(must(await user.client.from("chat_messages").select("id"))).toEqual([]);
  expect((await readUsage(user)).monthly_messages.used).toBe(0);
});

test("banned and inactive users cannot start a turn", async () => {
  const user = await createUser();
  const session = await createSession(user);
  for (const change of ["role = 'banned'", "is_active = false, role = 'user'"]) {
    await asPostgres(`update public.profiles set ${change} where id = $1`, [user.profileId]);
    expect(await send(user, session)).toMatchObject({
      status: 403,
      body: { code: "account_blocked" },
    });
  }
});

test("an assistant above the plan is refused without a charge", async () => {
  const user = await createUser();
  const session = await createSession(user, "editor");
  await asPostgres("update public.assistants set required_plan = 'pro' where slug = 'editor'");
  try {
    const refused = await send(user, session);
    expect(refused).toMatchObject({
      status: 402,
      body: { code: "plan_required", details: { plan: "pro" } },
    });
  } finally {
    await asPostgres("update public.assistants set required_plan = null where slug = 'editor'");
  }
  expect((await readUsage(user)).monthly_messages.used).toBe(0);
});

test("tokens and their cost are booked; cached input has its own price", async () => {
  const user = await createUser();
  const session = await createSession(user);
  await openChat(user, session).sendMessage({ text: "Hello" });

  const [metric] = must(
    await user.client.from("usage_metrics").select().eq("feature_type", "chat"),
  );
  const query = user.client.from("chat_messages").select().eq("session_id", session).eq(
    "sender",
    "assistant",
  );
  const reply = must(await query.single());

  expect(metric).toMatchObject({
    request_count: 1,
    model: "gpt-5.4-mini",
    total_tokens: reply.total_tokens,
  });
  const cached = reply.cached_input_tokens ?? 0;
  const cost = ((reply.input_tokens ?? 0) - cached) * 0.75 + cached * 0.075 +
    (reply.output_tokens ?? 0) * 4.5;
  expect(metric?.total_cost).toBeCloseTo(cost / 1_000_000, 5);
});
