// Runs the functions with the limits of a hosted project, and prints what they use: the table in docs/scale.md.
import { afterAll, beforeAll, expect, test } from "vitest";
import { AccountExportPart, RedirectReply } from "../../types/api.ts";
import { buildZip } from "../../packages/openai-emulator/retrieval/build-documents.ts";
import { stackOfFile } from "../helpers/own-stack.ts";
import { type LimitedUser, MeasuredStack } from "./measured-stack.ts";

const MIB = 1024 * 1024;
const MESSAGES = 100_000;
const SESSIONS = 1_000;
/** The compressed bytes of a row of six cells. */
const BYTES_OF_A_ROW = 166;

const own = stackOfFile({ PARLEY_HOSTED_LIMITS: "1", PARLEY_SCHEDULER: "off" });
let stack: MeasuredStack;
let user: LimitedUser;

beforeAll(async () => {
  stack = new MeasuredStack(own());
  await stack.sql(
    `update public.plans set turns_per_minute = null, daily_messages = null, monthly_messages = null,
       monthly_searches = null, max_lookouts = null, monthly_budget = null, max_sessions = 10000`,
  );
  user = await stack.createUser();
});

afterAll(() => console.log(String(stack)));

test("chat: a turn, a reply of 1,000 tokens, and ten turns at once", {
  timeout: 180_000,
}, async () => {
  await stack.measure(
    "a turn in a new process",
    { name: "chat", requests: 1 },
    () => stack.chat(user),
  );
  await stack.measure("a turn", { name: "chat", requests: 1 }, () => stack.chat(user));

  const reply = "word ".repeat(1_000);
  await stack.command("OPENAI_BASE_URL", "PUT", "behaviour", { reply, tokens_per_second: 200 });
  const text = await stack.measure(
    "a reply of 1,000 tokens",
    { name: "chat", requests: 1 },
    () => stack.chat(user),
  );
  expect(text.length).toBeGreaterThan(reply.length);

  const users = await Promise.all(Array.from({ length: 10 }, () => stack.createUser()));
  await stack.measure(
    "the same, ten at once",
    { name: "chat", requests: 10 },
    () => Promise.all(users.map((each) => stack.chat(each))),
  );
  await stack.command("OPENAI_BASE_URL", "PUT", "behaviour", {});
});

test("chat: a reply that is too long for one request is complete after a recovery", {
  timeout: 180_000,
}, async () => {
  const owner = await stack.createUser();
  const reply = "word ".repeat(8_000);
  await stack.command("OPENAI_BASE_URL", "PUT", "behaviour", { reply, tokens_per_second: 400 });
  // The stream breaks off if the function is ended.
  await stack.chat(owner).catch(() => {});
  await stack.command("OPENAI_BASE_URL", "PUT", "behaviour", {});

  await expect.poll(async () => {
    await stack.sql(
      "update public.chat_turns set progressed_at = now() - interval '2 minutes' where session_id = $1",
      [owner.sessionId],
    );
    await stack.call("turn-recovery", null, { method: "POST" });
    return await stack.sql(
      "select status, length(content) from public.chat_messages where session_id = $1 and sender = 'assistant'",
      [owner.sessionId],
    );
  }, { timeout: 90_000 }).toEqual([{ status: "complete", length: reply.length }]);
});

test("files: an upload of 50 MB", { timeout: 180_000 }, async () => {
  // Mostly spaces, because OpenAI accepts at most five million tokens a file.
  const line = "What is sent back is paid back.\n".padStart(200);
  const form = new FormData();
  form.set("session_id", user.sessionId);
  form.set("file", new File([line.repeat(50 * MIB / line.length)], "large.txt"));

  await stack.measure(
    "an upload of 50 MB, with its indexing",
    { name: "files", requests: 1 },
    () => stack.call("files", user, { method: "POST", body: form }),
  );

  const rows = await stack.sql("select status, error from public.chat_files");
  expect(rows).toEqual([{ status: "ready", error: null }]);
});

test("files: a spreadsheet of 5 MB", { timeout: 180_000 }, async () => {
  const form = new FormData();
  form.set("session_id", user.sessionId);
  form.set("file", new File([spreadsheet(5_000_000)], "large.xlsx"));

  await stack.measure(
    "an upload of a spreadsheet of 5 MB, with its conversion",
    { name: "files", requests: 1 },
    () => stack.call("files", user, { method: "POST", body: form }),
  );

  const rows = await stack.sql(
    "select status, error from public.chat_files where file_name = 'large.xlsx'",
  );
  expect(rows).toEqual([{ status: "ready", error: null }]);
});

test("account: an export of 100,000 messages", { timeout: 300_000 }, async () => {
  const owner = await stack.createUser();
  await addMessages(owner);

  const parts = await stack.measure("an export of 100,000 messages, in parts", {
    name: "account",
    requests: (read: AccountExportPart[]) => read.length,
  }, () => readExport(owner));

  expect(parts.flatMap(({ chat_messages = [] }) => chat_messages)).toHaveLength(MESSAGES);
});

test(
  "account: a deletion with 1,000 turns, and what they have at OpenAI",
  { timeout: 300_000 },
  async () => {
    const owner = await stack.createUser();
    await addTurns(owner, 1_000);

    await stack.measure(
      "a deletion of an account with 1,000 turns",
      { name: "account", requests: 1 },
      () => stack.call("account", owner, { method: "DELETE" }),
    );

    for (const table of ["chat_sessions", "chat_messages", "chat_turns"]) {
      const left = await stack.sql(`select id from public.${table} where user_id = $1`, [
        owner.profileId,
      ]);
      expect(left, table).toEqual([]);
    }
    const waiting = () =>
      stack.sql("select kind from private.remote_deletions where remote_id like '%_erased_%'");
    const enqueued = (await waiting()).length;
    expect(enqueued).toBeGreaterThan(0);
    await stack.measure(
      "the calls that then delete what it has at OpenAI",
      { name: "vector-store-cleanup", requests: (calls: number) => calls },
      async () => {
        for (let calls = 0;; calls += 1) {
          if ((await waiting()).length === 0) return calls;
          await stack.call("vector-store-cleanup/deletions", null, { method: "POST" });
        }
      },
    );
  },
);

test("lookouts and turn-recovery: due, then settled", { timeout: 180_000 }, async () => {
  await stack.sql(
    `insert into public.lookouts
       (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
     select $1, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now()
     from generate_series(1, 50)`,
    [user.profileId],
  );

  const started = await stack.measure("the start of 50 lookouts", {
    name: "lookouts",
    requests: 1,
  }, () => stack.call("lookouts/run", null, { method: "POST" }));
  expect(JSON.parse(started)).toMatchObject({ started: 50 });

  await stack.sql("update public.chat_turns set progressed_at = now() - interval '2 minutes'");
  const recovered = await stack.measure("the recovery of 50 turns", {
    name: "turn-recovery",
    requests: 1,
  }, () => stack.call("turn-recovery", null, { method: "POST" }));
  expect(JSON.parse(recovered)).toMatchObject({ complete: 50 });
});

test("vector-store-cleanup: a clean-up with 1,000 deletions", { timeout: 180_000 }, async () => {
  const enqueue = () =>
    stack.sql(
      `insert into private.remote_deletions (kind, remote_id)
       select (array['conversation', 'response', 'file', 'object'])[1 + n % 4], 'none_' || gen_random_uuid()
       from generate_series(1, 1000) n`,
    );
  await enqueue();
  const deletions = await stack.measure("one call that deletes from the outbox", {
    name: "vector-store-cleanup",
    requests: 1,
  }, () => stack.call("vector-store-cleanup/deletions", null, { method: "POST" }));
  expect(JSON.parse(deletions).deleted).toBeGreaterThan(300);

  await stack.sql("delete from private.remote_deletions");
  await enqueue();
  const cleaned = await stack.measure("a clean-up with 1,000 objects to delete", {
    name: "vector-store-cleanup",
    requests: 1,
  }, () => stack.call("vector-store-cleanup", null, { method: "POST" }));
  expect(JSON.parse(cleaned).deleted).toBeGreaterThan(800);
});

test("billing and stripe-webhook: a purchase", { timeout: 180_000 }, async () => {
  const post = (body: object): RequestInit => ({ method: "POST", body: JSON.stringify(body) });
  const reply = await stack.measure(
    "a checkout",
    { name: "billing", requests: 1 },
    () =>
      stack.call(
        "billing/checkout",
        user,
        post({
          price_id: "price_parley_pro_monthly",
          success_url: "http://localhost:3000/done",
          cancel_url: "http://localhost:3000/plans",
        }),
      ),
  );
  const { url } = RedirectReply.parse(JSON.parse(reply));
  const id = new URL(url).pathname.split("/").at(-1);

  await stack.measure(
    "the events of a purchase",
    { name: "stripe-webhook", requests: 3 },
    async () => {
      await stack.command("STRIPE_API_URL", "POST", `checkout_sessions/${id}/complete`, {});
      await expect.poll(async () => {
        const [row] = await stack.sql(
          "select subscription_plan from public.profiles where id = $1",
          [user.profileId],
        );
        return row?.subscription_plan;
      }, { timeout: 60_000 }).toBe("pro");
    },
  );
  await stack.measure(
    "the sync of a subscription",
    { name: "billing", requests: 1 },
    () => stack.call("billing/subscription", user),
  );
});

/** Builds a workbook of about so many bytes, with random numbers and texts. */
function spreadsheet(bytes: number): Uint8Array<ArrayBuffer> {
  const number = () => `<c><v>${Math.random()}</v></c>`;
  const text = () =>
    `<c t="inlineStr"><is><t>${crypto.randomUUID()} of ${crypto.randomUUID()}</t></is></c>`;
  const row = () => `<row>${Array.from({ length: 3 }, () => text() + number()).join("")}</row>`;
  const rows = Array.from({ length: bytes / BYTES_OF_A_ROW }, row).join("");
  return new Uint8Array(buildZip([
    {
      name: "xl/workbook.xml",
      content: Buffer.from(
        '<workbook xmlns:r="r"><sheets><sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
      ),
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      content: Buffer.from(
        '<Relationships><Relationship Id="r1" Target="/xl/worksheets/one.xml"/></Relationships>',
      ),
    },
    {
      name: "xl/worksheets/one.xml",
      content: Buffer.from(`<worksheet><sheetData>${rows}</sheetData></worksheet>`),
    },
  ]));
}

async function readExport(owner: LimitedUser): Promise<AccountExportPart[]> {
  const parts: AccountExportPart[] = [];
  for (let after: string | null = ""; after !== null; after = parts.at(-1)?.next ?? null) {
    const text = await stack.call(`account/export?${new URLSearchParams({ after })}`, owner);
    parts.push(AccountExportPart.parse(JSON.parse(text)));
  }
  return parts;
}

/** Adds messages of about a kilobyte; half of them are replies. */
async function addMessages({ profileId }: LimitedUser): Promise<void> {
  await stack.sql(
    `with sessions as (
       insert into public.chat_sessions (user_id, assistant_slug)
       select $3, 'coach' from generate_series(1, $1::integer)
       returning id, user_id
     )
     insert into public.chat_messages (session_id, user_id, seq, sender, content, parts, model)
     select s.id, s.user_id, n, x.sender, x.content,
       jsonb_build_array(jsonb_build_object('type', 'text', 'text', x.content)),
       case when x.sender = 'assistant' then 'gpt-5.4-mini' end
     from sessions s, generate_series(1, $2::integer) n,
       lateral (select case n % 2 when 1 then 'user' else 'assistant' end as sender,
         (select string_agg('word ' || n * w, ' ') from generate_series(1, 25) w) as content) x`,
    [SESSIONS, MESSAGES / SESSIONS, profileId],
  );
  await stack.sql("analyze public.chat_messages");
}

/** Adds finished turns, ten a session. Each session has a conversation, and each turn a response. */
async function addTurns({ profileId }: LimitedUser, turns: number): Promise<void> {
  await stack.sql(
    `with sessions as (
       insert into public.chat_sessions (user_id, assistant_slug, thread_id)
       select $1, 'coach', 'conv_erased_' || n from generate_series(1, $2::integer / 10) n
       returning id, user_id
     ),
     messages as (
       insert into public.chat_messages (session_id, user_id, seq, sender, content, parts, response_id)
       select id, user_id, n, case n % 2 when 1 then 'user' else 'assistant' end, 'Hello', '[]',
         case n % 2 when 0 then 'resp_erased_' || gen_random_uuid() end
       from sessions, generate_series(1, 20) n
       returning id, session_id, user_id, seq, response_id
     )
     insert into public.chat_turns
       (session_id, user_id, user_message_id, assistant_message_id, response_id, status, finished_at)
     select a.session_id, a.user_id, q.id, a.id, a.response_id, 'complete', now()
     from messages a join messages q on q.session_id = a.session_id and q.seq = a.seq - 1
     where a.seq % 2 = 0`,
    [profileId, turns],
  );
}
