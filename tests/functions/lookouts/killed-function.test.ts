import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import type { Database } from "../../../types/database.ts";
import { stackOfFile } from "../../helpers/own-stack.ts";

const REPLY = "one two three four five six seven eight nine ten";

const ownStack = stackOfFile({ PARLEY_SCHEDULER: "off" });

/** Creates a user with a due lookout, on a stack of its own whose functions may be killed. */
async function startOwn() {
  const { stack, status } = ownStack();
  const client = createClient<Database>(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
  });
  const { data } = await client.auth.signUp({
    email: `user-${crypto.randomUUID()}@example.com`,
    password: "correct horse battery",
  });
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  onTestFinished(async () => {
    await database.query("delete from public.lookouts");
    await database.query("delete from public.chat_sessions");
    await database.end();
  });
  await fetch(new URL("/_emulator/behaviour", status.OPENAI_BASE_URL), { method: "DELETE" });
  const post = async (route: string, headers: Record<string, string>, body: unknown = {}) => {
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    return (await fetch(status.FUNCTIONS_URL + route, init)).json();
  };
  await post("/lookouts", { authorization: `Bearer ${data.session?.access_token}` }, {
    title: "Count",
    prompt: "Count to ten",
    assistant_slug: "coach",
    frequency: "daily",
    time: "09:00",
    timezone: "UTC",
  });
  await database.query("update public.lookouts set next_run_at = now() - interval '1 minute'");
  return {
    client,
    database,
    behave: (behaviour: unknown) =>
      fetch(new URL("/_emulator/behaviour", status.OPENAI_BASE_URL), {
        method: "PUT",
        body: JSON.stringify(behaviour),
      }),
    run: () => post("/lookouts/run", { apikey: status.SECRET_KEY }),
    recover: () => post("/turn-recovery", { apikey: status.SECRET_KEY }),
    kill: stack.killFunctions,
    async minutesLater() {
      await database.query(
        "update public.lookouts set lease_until = now() where lease_until is not null",
      );
      await database.query(
        "update public.chat_turns set progressed_at = now() - interval '2 minutes'",
      );
    },
  };
}

type Own = Awaited<ReturnType<typeof startOwn>>;

async function readRuns({ client }: Own) {
  const { data } = await client.from("lookout_runs").select().throwOnError();
  return data;
}

/** Returns what the runs have charged and left behind. */
async function readTraces({ client }: Own) {
  const { data: profile } = await client.from("profiles").select("subscription_usage").single()
    .throwOnError();
  const { data: sessions } = await client.from("chat_sessions").select("id").throwOnError();
  const { data: counters } = await client.from("usage_counters").select().eq("feature", "searches")
    .throwOnError();
  return {
    charged: profile.subscription_usage,
    searches: counters.map(({ count }) => count),
    sessions: sessions.length,
  };
}

test("a function killed in the middle of a reply loses nothing: one run, one charge, one chat", {
  timeout: 60_000,
}, async () => {
  const own = await startOwn();
  await own.behave({ reply: REPLY, tokens_per_second: 5 });
  const cut = own.run();
  await vi.waitFor(async () => {
    const { rowCount } = await own.database.query(
      "select from public.chat_turns where response_id is not null",
    );
    expect(rowCount).toBe(1);
  }, { timeout: 10_000 });

  await own.kill();
  await cut;
  expect(await own.run()).toMatchObject({ claimed: 0 });

  await own.minutesLater();
  expect(await own.run()).toMatchObject({ claimed: 1, started: 0, failed: 0 });
  expect(await readRuns(own)).toMatchObject([{ status: "running" }]);

  await vi.waitFor(async () => {
    await own.minutesLater();
    expect(await own.recover()).toMatchObject({ complete: 1 });
  }, { timeout: 15_000, interval: 300 });
  await own.minutesLater();
  expect(await own.run()).toMatchObject({ claimed: 0 });

  const [run, ...others] = await readRuns(own);
  expect(others).toEqual([]);
  expect(run?.status).toBe("complete");
  const { data: messages } = await own.client.from("chat_messages").select("content").eq(
    "session_id",
    run?.session_id ?? "",
  ).order("seq").throwOnError();
  expect(messages.map(({ content }) => content)).toEqual(["Count to ten", REPLY]);
  expect(await readTraces(own)).toEqual({ charged: 1, searches: [1], sessions: 1 });
});

test("a function killed before its turn reached the model: the run starts again at no cost", {
  timeout: 60_000,
}, async () => {
  const own = await startOwn();
  await own.behave({ ttft_ms: 20_000 });
  const cut = own.run();
  await vi.waitFor(async () => {
    const { rowCount } = await own.database.query("select from public.chat_turns");
    expect(rowCount).toBe(1);
  }, { timeout: 10_000, interval: 5 });
  await own.kill();
  await cut;
  // As if the function had died just before: recovery finds no response id.
  await own.database.query("update public.chat_turns set response_id = null");

  await own.minutesLater();
  expect(await own.recover()).toMatchObject({ failed: 1 });

  expect(await readRuns(own)).toMatchObject([{ status: "running", session_id: null, attempts: 1 }]);
  expect(await readTraces(own)).toEqual({ charged: 0, searches: [0], sessions: 0 });

  await own.behave({});
  await own.minutesLater();
  expect(await own.run()).toMatchObject({ claimed: 1, started: 1 });
});

test(
  "a function killed before its turn started: another call starts it, up to five times",
  {
    timeout: 60_000,
  },
  async () => {
    const own = await startOwn();
    const claim = "select run_id from public.claim_due_lookouts(10)";
    const { rows } = await own.database.query(claim);
    expect(rows).toHaveLength(1);

    await own.minutesLater();
    expect(await own.run()).toMatchObject({ claimed: 1, started: 1 });
    await vi.waitFor(async () => {
      await own.minutesLater();
      await own.recover();
      expect(await readRuns(own)).toMatchObject([{ status: "complete", attempts: 2 }]);
    }, { timeout: 15_000 });

    await own.database.query(
      "update public.lookouts set next_run_at = now() - interval '30 seconds'",
    );
    for (let death = 0; death < 5; death += 1) {
      expect((await own.database.query(claim)).rows).toHaveLength(1);
      await own.minutesLater();
    }
    expect(await own.run()).toMatchObject({ claimed: 1, failed: 1 });
    const { data: failed } = await own.client.from("lookout_runs").select("error").eq(
      "status",
      "failed",
    ).throwOnError();
    expect(failed).toMatchObject([{ error: { code: "run_abandoned" } }]);
    expect(await readTraces(own)).toEqual({ charged: 1, searches: [1], sessions: 1 });
  },
);
