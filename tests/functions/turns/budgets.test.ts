import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import {
  asPostgres,
  createSession,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { settled } from "../../helpers/turns.ts";

/** Long enough that all turns of a test are running at the same time. */
const SLOW = { reply: "one two three", ttft_ms: 2_000 };

beforeAll(() =>
  asPostgres("insert into public.plans (slug, name, rank) values ('budgeted', 'Budgeted', 50)")
);
afterEach(async () => {
  await resetOpenAI();
  await setProjectBudget(null);
});
afterAll(async () => {
  await asPostgres(
    "update public.profiles set subscription_plan = 'free' where subscription_plan = 'budgeted'",
  );
  await asPostgres("delete from public.plans where slug = 'budgeted'");
});

async function setProjectBudget(budget: number | null): Promise<void> {
  await asPostgres("update private.usage_policy set project_monthly_budget = $1", [budget]);
  await asPostgres("update private.project_costs set refreshed_at = '-infinity'");
}

/** Creates a user whose plan has this budget. */
async function createBudgeted(budget: number | null): Promise<TestUser> {
  const user = await createUser();
  await asPostgres("update public.plans set monthly_budget = $1 where slug = 'budgeted'", [budget]);
  await asPostgres("update public.profiles set subscription_plan = 'budgeted' where id = $1", [
    user.profileId,
  ]);
  return user;
}

async function costsOf(user: TestUser): Promise<{ spent: number; reserved: number }> {
  return must(await user.client.from("monthly_costs").select("spent, reserved").single());
}

/** Returns what a turn with the message of these tests reserves. */
async function findEstimate(): Promise<number> {
  await behave(SLOW);
  const user = await createBudgeted(1_000);
  const sessionId = await createSession(user);
  await postChat({ session_id: sessionId, content: "Count" }, user.accessToken);
  const { reserved } = await costsOf(user);
  await settled(user, sessionId);
  return reserved;
}

test("of fifty messages at once, exactly those start that the budget covers", async () => {
  const estimate = await findEstimate();
  expect(estimate).toBeGreaterThan(0);
  const user = await createBudgeted(estimate * 3.5);
  const sessions = await Promise.all(Array.from({ length: 50 }, () => createSession(user)));

  const answers = await Promise.all(
    sessions.map((session_id) => postChat({ session_id, content: "Count" }, user.accessToken)),
  );

  const refused = answers.filter(({ status }) => status !== 200);
  expect([answers.length - refused.length, refused.length]).toEqual([3, 47]);
  for (const answer of refused) {
    expect(answer.status).toBe(402);
    expect(await answer.json()).toMatchObject({
      code: "budget_exceeded",
      details: { scope: "user", reset_at: expect.stringMatching(/^\d{4}-\d\d-01T00:00:00/) },
    });
  }
  await Promise.all(answers.filter(({ ok }) => ok).map((answer) => answer.text()));
  const { spent, reserved } = await costsOf(user);
  expect(reserved).toBe(0);
  expect(spent).toBeGreaterThan(0);
  expect(spent).toBeLessThanOrEqual(estimate * 3.5);
});

test("a turn that fails gives back what it has reserved", async () => {
  const estimate = await findEstimate();
  const user = await createBudgeted(estimate * 1.5);
  const sessionId = await createSession(user);
  await behave({ scenario: "model_not_found" });

  const body = { session_id: sessionId, content: "Count" };
  expect((await postChat(body, user.accessToken)).status).toBe(503);
  expect(await costsOf(user)).toEqual({ spent: 0, reserved: 0 });

  await resetOpenAI();
  expect((await postChat(body, user.accessToken)).status).toBe(200);
  await settled(user, sessionId);
});

test("a budget that was lowered below what is spent refuses the next message", async () => {
  const user = await createBudgeted(null);
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: "Count" };
  await (await postChat(body, user.accessToken)).text();
  const { spent } = await costsOf(user);
  await asPostgres("update public.plans set monthly_budget = $1 where slug = 'budgeted'", [
    spent / 2,
  ]);

  const refused = await postChat(body, user.accessToken);

  expect([refused.status, (await refused.json()).details.scope]).toEqual([402, "user"]);
});

test("the budget of the project stops all users, and running turns end", async () => {
  const [busy, other] = [await createBudgeted(null), await createUser()];
  await behave(SLOW);
  const sessionId = await createSession(busy);
  const running = await postChat({ session_id: sessionId, content: "Count" }, busy.accessToken);
  await setProjectBudget(0);

  const refused = await postChat(
    { session_id: await createSession(other), content: "Count" },
    other.accessToken,
  );

  expect([refused.status, (await refused.json()).details.scope]).toEqual([402, "project"]);
  expect(await running.text()).toContain('"type":"finish"');
});

test("the log has one line when a user or the project passes 80 % of a budget", async () => {
  const user = await createBudgeted(10);
  const lines: string[] = [];
  const client = new pg.Client(stack.DB_URL);
  client.on("notice", ({ message = "" }) => void lines.push(message));
  await client.connect();
  try {
    await client.query("set client_min_messages = log");
    const { rows: [price] } = await client.query(
      "select input_price::float8 as dollars from public.models where model = 'gpt-5.4-mini'",
    );
    const tokens = Math.ceil(3 / price?.dollars * 1_000_000);
    for (let time = 0; time < 4; time += 1) {
      await client.query("select private.book_usage($1, 'chat', 'gpt-5.4-mini', $2, 0, 0)", [
        user.profileId,
        tokens,
      ]);
    }
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`budget_near_limit .*"profile_id": "${user.profileId}"`)),
    ]);

    await client.query("update private.project_costs set month = '2020-01-01'");
    const { rows: [sum] } = await client.query(
      "select sum(spent + reserved) / 0.9 as budget from public.monthly_costs where month = private.this_month()",
    );
    await client.query("update private.usage_policy set project_monthly_budget = $1", [
      sum?.budget,
    ]);
    await client.query("select private.project_cost()");
    await client.query("select private.project_cost()");
    expect(lines.slice(1)).toEqual([expect.stringContaining('"scope": "project"')]);
  } finally {
    await client.end();
  }
});
