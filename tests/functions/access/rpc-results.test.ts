import { createClient } from "@supabase/supabase-js";
import { expect, test } from "vitest";
import type * as z from "zod";
import { RpcResults } from "../../../types/api.ts";
import type { Database } from "../../../types/client-database.ts";
import { openChat } from "../../helpers/chat-client.ts";
import { asPostgres, createUser, must, stack, type TestUser } from "../../helpers/stack.ts";
import { createFullUser, type FullUser } from "../account/full-user.ts";
import { createAdmin } from "../admin/make-admin.ts";
import { invite } from "../organizations/team.ts";

type Rpc = keyof RpcResults;

/** Returns a client with the types that apps get. */
function clientOf({ accessToken }: TestUser) {
  return createClient<Database>(stack.API_URL, stack.PUBLISHABLE_KEY, {
    accessToken: () => Promise.resolve(accessToken),
  });
}

type AppClient = ReturnType<typeof clientOf>;

const schemas: { [Name in Rpc]: z.ZodType<RpcResults[Name]> } = RpcResults.shape;
const checked = new Set<string>();

/** Returns the result of an RPC. Fails unless it has exactly the fields of its schema. */
function parse<Name extends Rpc>(
  name: Name,
  { data, error }: { data: unknown; error: unknown },
): RpcResults[Name] {
  expect(error, name).toBeNull();
  const result = schemas[name].parse(data);
  checked.add(name);
  return result;
}

test("each RPC gives exactly what its type says", async () => {
  const [full, newcomer, admin] = [await createFullUser(), await createUser(), await createAdmin()];

  await callAsUser(full);
  await callAsNewcomer(clientOf(newcomer));
  await callAsAdmin(clientOf(admin), [full, newcomer]);
  const { profile_id } = parse(
    "request_account_deletion",
    await clientOf(newcomer).rpc("request_account_deletion"),
  );
  expect(profile_id).toBe(newcomer.profileId);

  const names = await listTypedRpcs();
  expect(Object.keys(RpcResults.shape).sort()).toEqual(names);
  expect([...checked].sort()).toEqual(names);
});

async function callAsUser(full: FullUser) {
  const { sessionId } = full;
  const own = clientOf(full);
  const [member, guest] = [await createUser(), await createUser()];
  await openChat(full, sessionId).sendMessage({ text: "What is the horse called?" });
  await member.client.rpc("accept_invitation", { token: await invite(full, member) });

  parse("get_my_usage", await own.rpc("get_my_usage"));
  parse("get_user_activity_summary", await own.rpc("get_user_activity_summary"));
  parse("list_members", await own.rpc("list_members"));
  const members = parse("list_members", await clientOf(member).rpc("list_members"));
  expect(members.map(({ email }) => email)).toEqual([null, null]);
  parse("organization_usage", await own.rpc("organization_usage"));
  const [invited] = parse(
    "invite_member",
    await own.rpc("invite_member", { email: guest.email, role: "admin" }),
  );
  const invitation_id = invited?.invitation_id ?? "";
  parse("list_invitations", await own.rpc("list_invitations"));
  parse("resend_invitation", await own.rpc("resend_invitation", { invitation_id }));
  parse("issue_bridge_token", await own.rpc("issue_bridge_token", { session_data: { n: 1 } }));

  const share = (visibility: "private" | "public") =>
    own.rpc("set_chat_visibility", { session_id: sessionId, visibility });
  const token = parse("set_chat_visibility", await share("public")) ?? "";
  const anonymous = createClient<Database>(stack.API_URL, stack.PUBLISHABLE_KEY);
  const chat = parse("get_shared_chat", await anonymous.rpc("get_shared_chat", { token }));
  expect(chat?.messages.map(({ sender }) => sender)).toContain("assistant");
  expect(parse("set_chat_visibility", await share("private"))).toBeNull();
  expect(parse("get_shared_chat", await anonymous.rpc("get_shared_chat", { token }))).toBeNull();

  for (const section of ["profiles", "chat_messages", "organization_invitations"] as const) {
    const { rows } = parse("export_account", await own.rpc("export_account", { section }));
    expect(rows.length, section).toBeGreaterThan(0);
  }
}

/** Calls RPCs as a user who has done nothing, so that every column is null that can be. */
async function callAsNewcomer(own: AppClient) {
  parse("get_my_usage", await own.rpc("get_my_usage"));
  parse("get_user_activity_summary", await own.rpc("get_user_activity_summary"));
  expect(parse("export_account", await own.rpc("export_account", { section: "payments" })))
    .toEqual({ next: null, rows: [] });
}

async function callAsAdmin(admin: AppClient, users: TestUser[]) {
  for (const { client, profileId: user_id } of users) {
    const user = parse("admin_get_user", await admin.rpc("admin_get_user", { user_id }));
    // Its type is the row of the table, so it has the columns of the table.
    const profile = must(await client.from("profiles").select().single());
    expect(Object.keys(user.profile).sort()).toEqual(Object.keys(profile).sort());
    must(await admin.rpc("admin_grant_credits", { user_id, amount: 1 }));
  }
  const page = parse("admin_list_users", await admin.rpc("admin_list_users"));
  expect(page.users.length).toBeGreaterThan(1);
  const { entries } = parse("admin_list_audit", await admin.rpc("admin_list_audit"));
  expect(entries.map(({ action }) => action)).toContain("admin_grant_credits");
  parse("get_user_stats", await admin.rpc("get_user_stats"));
}

/** Lists the RPCs that clients may call, except those that return nothing or rows of a table. */
async function listTypedRpcs(): Promise<string[]> {
  const rows = await asPostgres<{ name: string }>(
    `select p.proname as name
     from pg_proc p join pg_type t on t.oid = p.prorettype
     where p.pronamespace = 'public'::regnamespace
       and (has_function_privilege('anon', p.oid, 'execute')
         or has_function_privilege('authenticated', p.oid, 'execute'))
       and p.prorettype not in ('void'::regtype, 'trigger'::regtype) and t.typrelid = 0
     order by 1`,
  );
  return rows.map(({ name }) => name);
}
