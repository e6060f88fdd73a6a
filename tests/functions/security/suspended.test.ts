import { afterAll, beforeAll, expect, test } from "vitest";
import { make } from "../lookouts/lookouts-client.ts";
import { createTeam, invite } from "../organizations/team.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { call } from "./call.ts";
import { nameOf, type Route, routes } from "./routes.ts";

const BLOCKED = "account_blocked";
/** The id in the routes of `routes.ts`. */
const NO_ROW = "00000000-0000-4000-8000-000000000000";

/**
 * Every RPC that users may call, with arguments that would work, and what a suspended caller gets: the code of the
 * refusal, or null for a call that reads, leaves or deletes what is the caller's own.
 */
const rpcs: Record<string, [args: (ids: Ids) => object, refusal: string | null]> = {
  accept_invitation: [({ invitation }) => ({ token: invitation }), BLOCKED],
  admin_add_note: [({ member }) => ({ user_id: member, note: "x" }), BLOCKED],
  admin_flag_note: [({ session }) => ({ note_id: session }), BLOCKED],
  admin_get_user: [({ member }) => ({ user_id: member }), BLOCKED],
  admin_grant_credits: [({ member }) => ({ user_id: member, amount: 1 }), BLOCKED],
  admin_grant_plan: [({ member }) => ({ user_id: member, plan: "pro" }), BLOCKED],
  admin_list_assistant_files: [() => ({ assistant_slug: "coach" }), BLOCKED],
  admin_list_audit: [() => ({}), BLOCKED],
  admin_list_notes: [() => ({}), BLOCKED],
  admin_list_users: [() => ({}), BLOCKED],
  admin_set_active: [({ member }) => ({ user_id: member, is_active: true }), BLOCKED],
  admin_set_role: [({ member }) => ({ user_id: member, role: "admin" }), BLOCKED],
  create_organization: [() => ({ name: "Other" }), BLOCKED],
  delete_organization: [() => ({}), BLOCKED],
  ensure_profile: [() => ({}), null],
  export_account: [() => ({ section: "profiles" }), null],
  get_my_usage: [() => ({}), null],
  get_shared_chat: [() => ({ token: "x" }), null],
  get_user_activity_summary: [({ member }) => ({ user_id: member }), BLOCKED],
  get_user_stats: [() => ({}), BLOCKED],
  invite_member: [() => ({ email: "new@example.com" }), BLOCKED],
  issue_bridge_token: [() => ({}), BLOCKED],
  list_invitations: [() => ({}), BLOCKED],
  list_members: [() => ({}), null],
  log_activity: [() => ({ action: "here" }), BLOCKED],
  organization_usage: [() => ({}), null],
  remove_member: [({ member }) => ({ member_id: member }), BLOCKED],
  rename_organization: [() => ({ name: "Other" }), BLOCKED],
  resend_invitation: [({ session }) => ({ invitation_id: session }), BLOCKED],
  revoke_invitation: [({ session }) => ({ invitation_id: session }), BLOCKED],
  set_chat_visibility: [({ session }) => ({ session_id: session, visibility: "public" }), BLOCKED],
  set_member_role: [({ member }) => ({ member_id: member, role: "admin" }), BLOCKED],
  set_organization_budget: [() => ({ monthly_budget: 0 }), BLOCKED],
  transfer_ownership: [({ member }) => ({ member_id: member }), BLOCKED],
  // These two end the membership and the account, so they come last.
  leave_organization: [() => ({}), "owner_must_transfer"],
  request_account_deletion: [() => ({}), "owner_must_transfer"],
};

/** Every route that users call, and what a suspended caller gets: a status and, for a refusal, its code. */
const answers: Record<string, [status: number, code: string | null]> = {
  "POST /chat": [403, BLOCKED],
  "GET /chat/:id/stream": [204, null],
  "POST /chat/:id/stop": [204, null],
  "POST /files": [403, BLOCKED],
  "POST /files/:id/retry": [403, BLOCKED],
  "DELETE /files/:id": [404, "file_not_found"],
  "POST /bridge": [403, BLOCKED],
  "POST /billing/checkout": [403, BLOCKED],
  "POST /billing/portal": [404, "no_customer"],
  "GET /billing/subscription": [200, null],
  "POST /lookouts": [403, BLOCKED],
  "PATCH /lookouts/:id": [403, BLOCKED],
  "POST /lookouts/:id/run": [403, BLOCKED],
  "DELETE /lookouts/:id": [404, "lookout_not_found"],
  "GET /account/export": [200, null],
  "DELETE /account": [409, "owner_must_transfer"],
};

interface Ids {
  member: string;
  session: string;
  invitation: string;
  file: string;
  lookout: string;
}

let suspended: TestUser;
let other: TestUser;
let ids: Ids;

beforeAll(async () => {
  const { owner, members: [member] } = await createTeam(["member"]);
  if (!member) throw new Error("the team has no member");
  const another = (await createTeam([])).owner;
  [suspended, other] = [owner, member];
  const session = await createSession(owner);
  ids = {
    member: member.profileId,
    session,
    invitation: await invite(another, owner),
    file: await createFailedFile(owner, session),
    lookout: await make(owner),
  };
  await asPostgres("update public.profiles set role = 'admin', is_active = false where id = $1", [
    owner.profileId,
  ]);
});

afterAll(() =>
  asPostgres("update public.profiles set role = 'user' where id = $1", [suspended.profileId])
);

test("the table names every RPC that users may call", async () => {
  const callable = await asPostgres<{ name: string }>(
    `select proname as name from pg_proc
     where pronamespace = 'public'::regnamespace and has_function_privilege('authenticated', oid, 'execute')
       and not exists (select from pg_depend d where d.objid = pg_proc.oid and d.deptype = 'e')`,
  );

  expect(Object.keys(rpcs).sort()).toEqual(callable.map(({ name }) => name).sort());
});

test("the table names every route that users call", () => {
  const names = routes.filter(({ auth }) => auth === "user").map(nameOf);

  expect(Object.keys(answers).sort()).toEqual(names.sort());
});

test("a suspended caller changes nothing that others see", { timeout: 60_000 }, async () => {
  const before = await whatOthersSee();

  for (const [name, [args, refusal]] of Object.entries(rpcs)) {
    const { error } = await callRpc(suspended, name, args(ids));
    expect([name, error?.message ?? null]).toEqual([name, refusal]);
  }
  for (const route of routes.filter(({ auth }) => auth === "user")) {
    const response = await call(nameOwnRow(route), {
      authorization: `Bearer ${suspended.accessToken}`,
    });
    const text = await response.text();
    const code = response.ok ? null : JSON.parse(text).code;
    expect([nameOf(route), response.status, code]).toEqual([
      nameOf(route),
      ...answers[nameOf(route)] ?? [],
    ]);
  }
  const portal = await call({
    method: "POST",
    path: "/billing/portal",
    auth: "user",
    body: { for: "organization", return_url: "http://localhost:3000/" },
  }, { authorization: `Bearer ${suspended.accessToken}` });
  expect([portal.status, (await portal.json()).code]).toEqual([403, BLOCKED]);
  const { client, profileId } = suspended;
  const renamed = await client.from("profiles").update({ user_name: "New" }).eq("id", profileId);
  expect(renamed.error).toMatchObject({ message: BLOCKED });
  const uploaded = await client.storage.from("chat-files").upload(`${profileId}/a.txt`, "x");
  expect(uploaded.error).not.toBeNull();

  expect(await whatOthersSee()).toEqual(before);
});

test("a suspended owner reads nobody's address", async () => {
  const { client } = suspended;
  const members = must(await client.rpc("list_members"));

  expect(members.map(({ email }) => email)).toEqual([null, null]);
  expect(must(await client.from("stripe_customers").select())).toEqual([]);
  expect(JSON.stringify(must(await client.rpc("organization_usage")))).not.toContain(other.email);
});

test("a token starts nothing from the next statement on", async () => {
  const user = await createUser();
  expect((await user.client.rpc("log_activity", { action: "here" })).error).toBeNull();

  await asPostgres("update public.profiles set is_active = false where id = $1", [user.profileId]);

  expect((await user.client.rpc("log_activity", { action: "here" })).error)
    .toMatchObject({ message: BLOCKED });
});

async function createFailedFile({ profileId }: TestUser, sessionId: string): Promise<string> {
  const [file] = await asPostgres<{ id: string }>(
    `insert into public.chat_files
       (user_id, session_id, file_name, file_type, storage_path, status, error, sha256, file_size)
     values ($1, $2, 'a.txt', 'text/plain', $3, 'failed', '{"code": "provider_error"}', repeat('0', 64), 1)
     returning id`,
    [profileId, sessionId, `${profileId}/failed.txt`],
  );
  return file?.id ?? "";
}

/** Puts the id of an own row into a route, so that the row is not the reason of a refusal. */
function nameOwnRow(route: Route): Route {
  const name = nameOf(route);
  // What is the caller's own may be deleted, so these two get the id of no row.
  if (name.startsWith("DELETE")) return route;
  const id = name.includes("/files/")
    ? ids.file
    : name.includes("/lookouts/")
    ? ids.lookout
    : ids.session;
  return JSON.parse(JSON.stringify(route).replaceAll(NO_ROW, id));
}

/** Calls an RPC whose name only the test knows. */
async function callRpc(user: TestUser, name: string, args: object) {
  const rpc = user.client.rpc.bind(user.client) as unknown as (
    name: string,
    args: object,
  ) => PromiseLike<{ error: { message: string } | null }>;
  return await rpc(name, args);
}

/** Returns all rows of the tables that other users, members and admins see. */
async function whatOthersSee(): Promise<unknown> {
  const tables = [
    "organizations",
    "organization_invitations",
    "profiles",
    "assistants",
    "chat_sessions",
    "chat_messages",
    "chat_turns",
    "chat_files",
    "lookouts",
    "admin_notes",
    "audit_logs",
    "bridge_tokens",
    "stripe_customers",
  ];
  const selects = tables.map((table) =>
    `select '${table}' as name, jsonb_agg(to_jsonb(t) order by t::text) as rows from public.${table} t`
  );
  return await asPostgres(selects.join(" union all "));
}
