import { expect, test } from "vitest";
import type { Database } from "../../../types/client-database.ts";
import { asPostgres } from "../../helpers/stack.ts";

type Tables = Database["public"]["Tables"];
/** The columns of `Insert` or `Update`. A table that clients cannot write to has none. */
type Columns<Row> = [Row] extends [never] ? never : keyof Row;
/** The columns that a client can name in a write, by table. Tables without such columns are left out. */
type Writable<Verb extends "Insert" | "Update"> = {
  [Name in keyof Tables as [Columns<Tables[Name][Verb]>] extends [never] ? never : Name]: Record<
    Columns<Tables[Name][Verb]>,
    true
  >;
};

// The compiler demands exactly the names that the types have, and the tests compare them with the grants.
const insertable: Writable<"Insert"> = {
  chat_sessions: { id: true, assistant_slug: true, title: true },
  custom_instructions: { user_id: true, content: true },
};
const updatable: Writable<"Update"> = {
  chat_messages: { feedback: true },
  chat_sessions: { title: true, archived_at: true },
  custom_instructions: { user_id: true, content: true },
  profiles: { user_name: true, organization_name: true, avatar_url: true },
};
const callable: Record<keyof Database["public"]["Functions"], true> = {
  accept_invitation: true,
  admin_add_note: true,
  admin_flag_note: true,
  admin_get_user: true,
  admin_grant_credits: true,
  admin_grant_plan: true,
  admin_list_assistant_files: true,
  admin_list_audit: true,
  admin_list_notes: true,
  admin_list_users: true,
  admin_set_active: true,
  admin_set_role: true,
  create_organization: true,
  delete_organization: true,
  ensure_profile: true,
  export_account: true,
  get_my_usage: true,
  get_shared_chat: true,
  get_user_activity_summary: true,
  get_user_stats: true,
  invite_member: true,
  issue_bridge_token: true,
  leave_organization: true,
  list_invitations: true,
  list_members: true,
  log_activity: true,
  organization_usage: true,
  remove_member: true,
  rename_organization: true,
  request_account_deletion: true,
  resend_invitation: true,
  revoke_invitation: true,
  set_chat_visibility: true,
  set_member_role: true,
  set_organization_budget: true,
  transfer_ownership: true,
};

test.for([["insert", insertable], ["update", updatable]] as const)(
  "the types name exactly the columns that a client may %s",
  async ([verb, columns]) => {
    const granted = await asPostgres<{ table: string; columns: string[] }>(
      `select c.relname as table, array_agg(a.attname::text order by a.attname) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
         and (has_column_privilege('anon', c.oid, a.attnum, $1)
           or has_column_privilege('authenticated', c.oid, a.attnum, $1))
       group by c.relname`,
      [verb],
    );
    const named = Object.entries(columns).map(([table, names]) => [
      table,
      Object.keys(names).sort(),
    ]);
    expect(Object.fromEntries(granted.map((row) => [row.table, row.columns])))
      .toEqual(Object.fromEntries(named));
  },
);

test("the types name exactly the RPCs that a client may call", async () => {
  const granted = await asPostgres<{ name: string }>(
    `select p.proname as name from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
       and (has_function_privilege('anon', p.oid, 'execute')
         or has_function_privilege('authenticated', p.oid, 'execute'))
     order by 1`,
  );
  expect(granted.map(({ name }) => name)).toEqual(Object.keys(callable).sort());
});
