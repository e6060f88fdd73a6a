import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { stackOfFile } from "../../helpers/own-stack.ts";

/** Enough messages for several batches of the deletion. */
const MESSAGES = 12_000;

const ownStack = stackOfFile({ PARLEY_SCHEDULER: "off" });

/** Creates a user with many messages, on a stack of its own whose functions may be killed. */
async function startOwn(messages: number) {
  const { stack, status } = ownStack();
  const client = createClient(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
  });
  const { data } = await client.auth.signUp({
    email: "ada@example.com",
    password: "correct horse battery",
  });
  await client.from("chat_sessions").insert({ assistant_slug: "coach" }).throwOnError();
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  onTestFinished(() => database.end());
  await database.query(
    `insert into public.chat_messages (session_id, user_id, seq, sender, content, response_id)
     select id, user_id, n, 'assistant', 'Hello', 'resp_' || n
      from public.chat_sessions, generate_series(1, $1::integer) n`,
    [messages],
  );
  const count = async (table: string) =>
    Number((await database.query(`select count(*) from ${table}`)).rows[0].count);
  return {
    database,
    count,
    kill: stack.killFunctions,
    deleteAccount: () =>
      fetch(`${status.FUNCTIONS_URL}/account`, {
        method: "DELETE",
        headers: { authorization: `Bearer ${data.session?.access_token}` },
      }),
  };
}

type Own = Awaited<ReturnType<typeof startOwn>>;

/** Starts a deletion and kills its function after it has deleted some of the messages. */
async function breakOff(own: Own, messages: number): Promise<void> {
  const deleting = own.deleteAccount().catch(() => null);
  await vi.waitFor(
    async () => expect(await own.count("public.chat_messages")).toBeLessThan(messages),
    { timeout: 20_000, interval: 10 },
  );
  await own.kill();
  await deleting;
  expect(await own.count("public.chat_messages")).toBeGreaterThan(0);
  expect(await own.count("auth.users")).toBe(1);
}

async function expectGone(own: Own): Promise<void> {
  for (const table of ["auth.users", "public.chat_sessions", "public.chat_messages"]) {
    expect(await own.count(table), table).toBe(0);
  }
}

test("the schedule finishes a deletion whose function was killed", {
  timeout: 90_000,
}, async () => {
  const own = await startOwn(MESSAGES);
  await breakOff(own, MESSAGES);
  const step = async () =>
    (await own.database.query("select private.settle_account_deletions() as more")).rows[0].more;

  // The schedule waits for the lease, because the function may still be running.
  expect(await step()).toBe(false);
  await own.database.query("update private.account_deletions set due_at = now() - interval '1 s'");
  while (await step());

  await expectGone(own);
  expect(await own.count("private.remote_deletions where kind = 'response'")).toBe(MESSAGES);
});

test("a second request of the user finishes a deletion whose function was killed", {
  timeout: 90_000,
}, async () => {
  const own = await startOwn(MESSAGES);
  await breakOff(own, MESSAGES);

  expect((await own.deleteAccount()).status).toBe(204);

  await expectGone(own);
});
