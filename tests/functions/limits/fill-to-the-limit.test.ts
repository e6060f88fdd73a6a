import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { limitedRoutes, limitedRpcs, limitedTables } from "../../../types/limited-calls.ts";
import { type Limit, type LimitName, limits } from "../../../types/limits.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { postFile, removeUnregistered, uploadForm } from "../../helpers/files.ts";
import { stopTheMinute } from "../../helpers/rate-limits.ts";
import {
  asPostgres,
  createSession,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { removeAdmins } from "../admin/make-admin.ts";
import { freshAddress, postBridge, postRedeem } from "../bridge/bridge-client.ts";
import { call as callLookouts, daily } from "../lookouts/lookouts-client.ts";
import { createTeam, invite } from "../organizations/team.ts";

/** What every limit under test is set to. */
const SMALL = 3;
const CALLERS = 50;

interface Answer {
  status: number;
  /** The code of a refusal. */
  code?: string;
}

interface Case {
  call: string;
  limit: LimitName;
  /** The value of the limit, if it is not `SMALL`. */
  value?: number;
  /** Prepares a user. Returns the call of each caller, and what the user has stored afterwards. */
  prepare: (user: TestUser) => Promise<{
    act: (index: number) => Promise<Answer>;
    stored: () => Promise<number>;
  }>;
}

const Refusal = z.object({ code: z.string() });
type Result = { status: number; error: { message: string } | null };
const fromRest = ({ status, error }: Result): Answer => ({ status, code: error?.message });

async function fromRoute(reply: Promise<Response>): Promise<Answer> {
  const response = await reply;
  const text = await response.text();
  const { status, ok } = response;
  return ok ? { status } : { status, code: Refusal.parse(JSON.parse(text)).code };
}

async function count(from: string, user: TestUser): Promise<number> {
  const [row] = await asPostgres<{ stored: number }>(
    `select count(*)::integer as stored from ${from}`,
    [user.profileId],
  );
  return row?.stored ?? 0;
}

const rowsOf = (table: string) => (user: TestUser) => () =>
  count(`public.${table} t where t.user_id = $1`, user);
const sessionsOf = rowsOf("chat_sessions");
const filesOf = rowsOf("chat_files");
const lookoutsOf = rowsOf("lookouts");

/** The sessions of a user, made without the API, so that limits of sessions do not count here. */
async function sessions(user: TestUser): Promise<string[]> {
  const rows = await asPostgres<{ id: string }>(
    `insert into public.chat_sessions (user_id, assistant_slug)
     select $1, 'coach' from generate_series(1, $2) returning id`,
    [user.profileId, CALLERS],
  );
  return rows.map(({ id }) => id);
}

/** Uploads another file from each caller, each into a session of its own. */
const uploads: Case["prepare"] = async (user) => {
  const ids = await sessions(user);
  return {
    act: (index) => {
      const form = uploadForm(ids[index] ?? "", `number ${index}`.padEnd(10), `${index}.md`);
      return fromRoute(postFile(user, form));
    },
    stored: filesOf(user),
  };
};
const objects: Case["prepare"] = (user) =>
  Promise.resolve({
    act: async (index) => {
      const path = `${user.profileId}/${index}.txt`;
      const { error } = await user.client.storage.from("chat-files").upload(path, "ten bytes!");
      return error ? { status: 403, code: error.message.split(":")[0] } : { status: 200 };
    },
    stored: () => count("storage.objects o where o.name like $1 || '/%'", user),
  });
const newLookouts: Case["prepare"] = (user) =>
  Promise.resolve({
    act: async () => {
      const { status, body } = await callLookouts(user, "POST", "", daily());
      return status === 201 ? { status } : { status, code: Refusal.parse(body).code };
    },
    stored: lookoutsOf(user),
  });
/** Sends a message from each caller, each in a session of its own. */
const messages = (more: Record<string, unknown> = {}): Case["prepare"] => async (user) => {
  const ids = await sessions(user);
  return {
    act: (index) => {
      const body = { session_id: ids[index], content: "Hello", ...more };
      return fromRoute(postChat(body, user.accessToken));
    },
    stored: () => count("public.chat_messages m where m.user_id = $1 and sender = 'user'", user),
  };
};
const lookoutRuns: Case["prepare"] = async (user) => {
  const rows = await asPostgres<{ id: string }>(
    `insert into public.lookouts
       (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
     select $1, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now() + interval '1 day'
     from generate_series(1, $2) returning id`,
    [user.profileId, CALLERS],
  );
  return {
    act: async (index) => {
      const { status, body } = await callLookouts(user, "POST", `/${rows[index]?.id}/run`);
      return status === 202 ? { status } : { status, code: Refusal.parse(body).code };
    },
    stored: sessionsOf(user),
  };
};
const codes: Case["prepare"] = (user) =>
  Promise.resolve({
    act: () => fromRoute(postBridge(user, {})),
    stored: rowsOf("bridge_tokens")(user),
  });
const codesByRpc: Case["prepare"] = (user) =>
  Promise.resolve({
    act: async () => fromRest(await user.client.rpc("issue_bridge_token")),
    stored: rowsOf("bridge_tokens")(user),
  });
const activity: Case["prepare"] = (user) =>
  Promise.resolve({
    act: async () => fromRest(await user.client.rpc("log_activity", { action: "clicked" })),
    stored: () => count("public.user_activity a where a.user_id = $1 and action = 'clicked'", user),
  });

/** Lets the first caller call alone, and then keeps the minute from ending. */
const withinOneMinute = (prepare: Case["prepare"]): Case["prepare"] => async (user) => {
  const { act, stored } = await prepare(user);
  const first = await act(0);
  await stopTheMinute(user.profileId);
  return { act: (index) => index === 0 ? Promise.resolve(first) : act(index), stored };
};

const cases: Case[] = [
  {
    call: "public.chat_sessions",
    limit: "sessions",
    prepare: (user) =>
      Promise.resolve({
        act: async () =>
          fromRest(await user.client.from("chat_sessions").insert({ assistant_slug: "coach" })),
        stored: sessionsOf(user),
      }),
  },
  { call: "storage.objects", limit: "unregistered_objects", prepare: objects },
  { call: "storage.objects", limit: "unregistered_bytes", prepare: objects },
  { call: "POST /files", limit: "files", prepare: uploads },
  { call: "POST /files", limit: "bytes", prepare: uploads },
  { call: "POST /files", limit: "uploads", prepare: uploads },
  {
    call: "POST /files",
    limit: "session_files",
    prepare: async (user) => {
      const id = await createSession(user);
      return {
        act: (index) => fromRoute(postFile(user, uploadForm(id, `number ${index}`, `${index}.md`))),
        stored: filesOf(user),
      };
    },
  },
  {
    call: "POST /files",
    limit: "assistant_files",
    prepare: async (user) => {
      await asPostgres("select private.setup_admin($1)", [user.email]);
      await asPostgres("update public.assistants set max_files = $1 where slug = 'editor'", [
        SMALL,
      ]);
      return {
        act: (index) => {
          const form = new FormData();
          form.set("assistant_slug", "editor");
          form.set("file", new File([`number ${index}`], `${index}.md`));
          return fromRoute(postFile(user, form));
        },
        stored: () => count("public.chat_files where assistant_slug = 'editor' and $1 <> ''", user),
      };
    },
  },
  {
    call: "POST /files/:id/retry",
    limit: "uploads",
    prepare: async (user) => {
      const ids = await sessions(user);
      const rows = await asPostgres<{ id: string }>(
        `insert into public.chat_files
           (user_id, session_id, file_name, file_type, storage_path, sha256, file_size, status, error)
         select $1::uuid, id, 'a.md', 'text/markdown', 'failed/' || id, repeat('0', 64), 1, 'failed',
           '{"code": "no_text"}'
         from unnest($2::uuid[]) as id returning id`,
        [user.profileId, ids],
      );
      return {
        act: (index) =>
          fromRoute(fetch(`${stack.FUNCTIONS_URL}/files/${rows[index]?.id}/retry`, {
            method: "POST",
            headers: { authorization: `Bearer ${user.accessToken}` },
          })),
        stored: () =>
          count("public.chat_files f where f.user_id = $1 and f.indexing_since > created_at", user),
      };
    },
  },
  { call: "POST /lookouts", limit: "lookouts", prepare: newLookouts },
  { call: "POST /lookouts", limit: "all_lookouts", prepare: newLookouts },
  { call: "POST /lookouts", limit: "new_lookouts", prepare: newLookouts },
  {
    call: "PATCH /lookouts/:id",
    limit: "lookouts",
    prepare: async (user) => {
      await lookoutRuns(user);
      const rows = await asPostgres<{ id: string }>(
        "update public.lookouts set status = 'archived', next_run_at = null where user_id = $1 returning id",
        [user.profileId],
      );
      return {
        act: async (index) => {
          const change = { status: "paused" };
          const { status, body } = await callLookouts(user, "PATCH", `/${rows[index]?.id}`, change);
          return status === 200 ? { status } : { status, code: Refusal.parse(body).code };
        },
        stored: () =>
          count("public.lookouts l where l.user_id = $1 and l.status <> 'archived'", user),
      };
    },
  },
  { call: "POST /lookouts/:id/run", limit: "sessions", prepare: lookoutRuns },
  { call: "POST /lookouts/:id/run", limit: "messages", prepare: lookoutRuns },
  { call: "POST /lookouts/:id/run", limit: "messages_of_day", prepare: lookoutRuns },
  { call: "POST /lookouts/:id/run", limit: "searches", prepare: lookoutRuns },
  { call: "POST /chat", limit: "messages", prepare: messages() },
  { call: "POST /chat", limit: "messages_of_day", prepare: messages() },
  { call: "POST /chat", limit: "searches", prepare: messages({ search: true }) },
  {
    call: "create_organization",
    limit: "membership",
    value: 1,
    prepare: (user) =>
      Promise.resolve({
        act: async () => fromRest(await user.client.rpc("create_organization", { name: "Team" })),
        stored: () =>
          count("public.profiles p where p.id = $1 and p.organization_id is not null", user),
      }),
  },
  {
    call: "create_organization",
    limit: "organizations",
    // Two were created and deleted before.
    value: SMALL - 2,
    prepare: async (user) => {
      for (let each = 0; each < 2; each += 1) {
        must(await user.client.rpc("create_organization", { name: "Team" }));
        must(await user.client.rpc("delete_organization"));
      }
      return {
        act: async () => fromRest(await user.client.rpc("create_organization", { name: "Team" })),
        stored: () =>
          count("public.profiles p where p.id = $1 and p.organization_id is not null", user),
      };
    },
  },
  {
    call: "invite_member",
    limit: "invitations",
    prepare: async (user) => {
      must(await user.client.rpc("create_organization", { name: "Team" }));
      return {
        act: async (index) => {
          const args = { email: `guest-${index}@example.com` };
          return fromRest(await user.client.rpc("invite_member", args));
        },
        stored: () => count("public.organization_invitations i where i.invited_by = $1", user),
      };
    },
  },
  {
    call: "accept_invitation",
    limit: "membership",
    value: 1,
    // Half of the callers accept the one invitation, and half the other.
    prepare: async (user) => {
      const teams = [await createTeam([]), await createTeam([])];
      const tokens = await Promise.all(teams.map(({ owner }) => invite(owner, user)));
      const members =
        "public.profiles p where p.organization_id = any ($1) and p.organization_role = 'member'";
      return {
        act: async (index) => {
          const token = tokens[index % tokens.length] ?? "";
          return fromRest(await user.client.rpc("accept_invitation", { token }));
        },
        stored: async () => {
          const ids = teams.map(({ id }) => id);
          return (await asPostgres(`select from ${members}`, [ids])).length;
        },
      };
    },
  },
  {
    call: "POST /bridge/redeem",
    limit: "redeemed_codes",
    value: 30,
    prepare: async () => {
      const address = freshAddress();
      const act = async () => {
        const answer = await fromRoute(postRedeem("guess", { "x-forwarded-for": address }));
        return answer.code === "code_not_found" ? { status: 200 } : answer;
      };
      const first = await act();
      await stopTheMinute(address);
      return {
        act: (index) => index === 0 ? Promise.resolve(first) : act(),
        stored: async () => {
          const [row] = await asPostgres<{ count: number }>(
            "select count from private.rate_counters where subject = private.network_bucket($1)",
            [address],
          );
          return row?.count ?? 0;
        },
      };
    },
  },
  { call: "log_activity", limit: "activity", prepare: activity },
  { call: "log_activity", limit: "activity_of_minute", prepare: withinOneMinute(activity) },
  { call: "issue_bridge_token", limit: "codes", prepare: codesByRpc },
  { call: "issue_bridge_token", limit: "codes_of_minute", prepare: withinOneMinute(codesByRpc) },
  { call: "POST /bridge", limit: "codes", prepare: codes },
  { call: "POST /bridge", limit: "codes_of_minute", prepare: withinOneMinute(codes) },
];

/** Limits of one call alone: `sizes.test.ts` holds them. */
const isSize = ({ unit }: Limit) => unit === "characters";
/** Pairs of a call and a limit that have tests elsewhere. */
const ELSEWHERE = [
  ...["body", "data", "metadata", "parts", "file_bytes"].map((name) => new RegExp(` ${name}$`)),
  // tests/functions/turns/budgets.test.ts: twenty messages at once
  / budget$/,
  // Below: a minute may end between the callers.
  / turns$/,
];

test("every limit of a number has a case", () => {
  const covered = new Set(cases.map(({ call, limit }) => `${call} ${limit}`));
  const calls = { ...limitedTables, ...limitedRpcs, ...limitedRoutes };
  const pairs = Object.entries(calls).flatMap(([call, { limits: names }]) =>
    names.filter((name) => !isSize(limits[name])).map((name) => `${call} ${name}`)
  );
  const missing = pairs.filter((pair) =>
    !covered.has(pair) && !ELSEWHERE.some((each) => each.test(pair))
  );

  expect(missing).toEqual([]);
});

/** Gives a user a plan that has only the limit under test, and sets that limit. */
async function setLimit(user: TestUser, name: LimitName, value: number): Promise<void> {
  const limit: Limit = limits[name];
  const slug = `small-${user.profileId}`;
  await asPostgres(
    `insert into public.plans (slug, name, rank, max_sessions)
     select $1, 'Small', 1 + max(rank), 1000 from public.plans`,
    [slug],
  );
  const size = limit.unit === "bytes" ? value * 10 : value;
  if ("plan" in limit.value) {
    await asPostgres(`update public.plans set ${limit.value.plan} = $2 where slug = $1`, [
      slug,
      size,
    ]);
  } else if ("policy" in limit.value) {
    await asPostgres(`update private.limit_policy set ${limit.value.policy} = $1`, [size]);
  }
  await asPostgres("update public.profiles set subscription_plan = $2 where id = $1", [
    user.profileId,
    slug,
  ]);
}

let policy: Record<string, unknown> = {};

beforeAll(async () => {
  policy = (await asPostgres("select p.* from private.limit_policy p"))[0] ?? {};
});

afterEach(async () => {
  for (const [column, value] of Object.entries(policy)) {
    await asPostgres(`update private.limit_policy set ${column} = $1`, [value]);
  }
  await asPostgres("update public.assistants set max_files = 100 where slug = 'editor'");
  await asPostgres("delete from public.chat_files where assistant_slug = 'editor'");
});

afterAll(async () => {
  await removeAdmins();
  await removeUnregistered();
  await asPostgres(
    "update public.profiles set subscription_plan = 'free' where subscription_plan like 'small-%'",
  );
  await asPostgres("delete from public.plans where slug like 'small-%'");
});

test.for(cases.map((each) => [`${each.call}: ${each.limit}`, each] as const))(
  "%s holds for 50 callers at once",
  async ([, { limit, value = SMALL, prepare }]) => {
    const user = await createUser();
    await setLimit(user, limit, SMALL);
    const { act, stored } = await prepare(user);

    const answers = await Promise.all(Array.from({ length: CALLERS }, (_, index) => act(index)));

    const refused = answers.filter(({ status }) => status >= 300);
    expect(await stored()).toBe(value);
    expect(refused).toHaveLength(CALLERS - value);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set([limits[limit].code]));
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
  },
);

test.for([["POST /chat", messages()], ["POST /lookouts/:id/run", lookoutRuns]] as const)(
  "%s: in no minute 50 callers at once start more turns than the plan allows",
  async ([, prepare]) => {
    const user = await createUser();
    await setLimit(user, "turns", SMALL);
    const { act } = await prepare(user);

    const answers = await Promise.all(Array.from({ length: CALLERS }, (_, index) => act(index)));

    const minutes = await asPostgres<{ count: number }>(
      "select count from public.usage_counters where user_id = $1 and feature = 'turns'",
      [user.profileId],
    );
    const started = answers.filter(({ status }) => status < 300);
    const refused = answers.filter(({ status }) => status >= 300);
    expect(Math.max(...minutes.map(({ count }) => count))).toBe(SMALL);
    expect(started).toHaveLength(minutes.reduce((sum, { count }) => sum + count, 0));
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["rate_limited"]));
  },
);

test("one request with many sessions is refused as a whole", async () => {
  const user = await createUser();
  await setLimit(user, "sessions", SMALL);
  const rows = Array.from({ length: CALLERS }, () => ({ assistant_slug: "coach" }));

  const { status, error } = await user.client.from("chat_sessions").insert(rows);
  must(await user.client.from("chat_sessions").insert(rows.slice(0, SMALL)));

  expect([status, error?.message]).toEqual([402, "session_limit_reached"]);
  expect(await sessionsOf(user)()).toBe(SMALL);
});

test("50 callers at once store one text of custom instructions", async () => {
  const user = await createUser();

  const answers = await Promise.all(
    Array.from(
      { length: CALLERS },
      (_, index) => user.client.from("custom_instructions").insert({ content: `number ${index}` }),
    ),
  );

  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(CALLERS - 1);
  expect(await rowsOf("custom_instructions")(user)()).toBe(1);
});
