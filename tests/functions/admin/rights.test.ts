import pg from "pg";
import { expect, test } from "vitest";
import { raceBehind } from "../../helpers/race-behind.ts";
import { asPostgres, createUser, must, stack, type TestUser } from "../../helpers/stack.ts";
import { createAdmin, removeAdmins, roleOf } from "./make-admin.ts";

const target = await createUser();

/** Calls each function for admins as a user; returns status and code of each response. */
async function tryAll({ client }: TestUser): Promise<unknown[]> {
  const user_id = target.profileId;
  const results = [
    await client.rpc("admin_list_users"),
    await client.rpc("admin_get_user", { user_id }),
    await client.rpc("admin_set_role", { user_id, role: "admin" }),
    await client.rpc("admin_set_active", { user_id, is_active: false }),
    await client.rpc("admin_grant_credits", { user_id, amount: 1_000 }),
    await client.rpc("admin_add_note", { user_id, note: "x" }),
    await client.rpc("admin_list_notes"),
    await client.rpc("admin_list_assistant_files", { assistant_slug: "coach" }),
    await client.rpc("admin_list_audit"),
    await client.rpc("get_user_stats"),
    await client.rpc("get_user_activity_summary", { user_id }),
  ];
  return [...new Set(results.map(({ status, error }) => `${status} ${error?.message}`))];
}

test("every function for admins refuses a user", async () => {
  expect(await tryAll(await createUser())).toEqual(["403 not_allowed"]);
});

test("an admin who was demoted, banned or suspended has no rights, even with an older token", async () => {
  const [admin, demoted, banned, suspended] = await Promise.all([
    createAdmin(),
    createAdmin(),
    createAdmin(),
    createAdmin(),
  ]);
  expect((await demoted.client.rpc("get_user_stats")).status).toBe(200);

  const { client } = admin;
  must(await client.rpc("admin_set_role", { user_id: demoted.profileId, role: "user" }));
  must(await client.rpc("admin_set_role", { user_id: banned.profileId, role: "banned" }));
  must(await client.rpc("admin_set_active", { user_id: suspended.profileId, is_active: false }));

  expect(await tryAll(demoted)).toEqual(["403 not_allowed"]);
  expect(await tryAll(banned)).toEqual(["403 not_allowed"]);
  expect(await tryAll(suspended)).toEqual(["403 account_blocked"]);
  expect(await roleOf(target)).toBe("user");
});

test("the log of Postgres has the caller and the action of a refused call", async () => {
  const [user, suspended] = [await createUser(), await createAdmin()];
  await asPostgres("update public.profiles set is_active = false where id = $1", [
    suspended.profileId,
  ]);
  const lines: string[] = [];
  const client = new pg.Client(stack.DB_URL);
  client.on("notice", ({ message = "" }) => void lines.push(message));
  await client.connect();
  try {
    for (const { authId } of [user, suspended]) {
      await client.query("begin");
      await client.query("set local client_min_messages = log");
      await client.query("select set_config('request.jwt.claim.sub', $1, true)", [authId]);
      await client.query("set local role authenticated");
      await expect(client.query("select public.admin_list_users()")).rejects.toThrow();
      await client.query("rollback");
    }
  } finally {
    await client.end();
  }

  expect(lines).toEqual(
    [user, suspended].map(({ profileId }) =>
      `admin_call_refused {"action": "admin_list_users", "profile_id": "${profileId}"}`
    ),
  );
});

test("claims that a user chooses do not make an admin", async () => {
  const user = await createUser({ role: "admin", app_role: "admin" });
  must(await user.client.auth.updateUser({ data: { role: "admin" } }));

  expect(await tryAll(user)).toEqual(["403 not_allowed"]);
});

test("through tables, an admin sees only what a user sees", async () => {
  const admin = await createAdmin();

  expect(must(await admin.client.from("profiles").select("id"))).toEqual([
    { id: admin.profileId },
  ]);
  for (const table of ["admin_notes", "audit_logs", "bridge_tokens", "sync_logs"] as const) {
    expect((await admin.client.from(table).select()).error?.code).toBe("42501");
  }
});

test("two admins who demote each other at the same time leave one admin", async () => {
  await removeAdmins();
  const [first, second] = [await createAdmin(), await createAdmin()];
  const demote = (by: TestUser, user: TestUser) => () =>
    by.client.rpc("admin_set_role", { user_id: user.profileId, role: "user" });

  const results = await raceBehind(
    "select from public.profiles where id = any ($1) for update",
    [[first.profileId, second.profileId]],
    [demote(first, second), demote(second, first)],
  );

  expect(results.map(({ status }) => status).sort()).toEqual([200, 403]);
  expect([await roleOf(first), await roleOf(second)].sort()).toEqual(["admin", "user"]);
});

test("two admins who resign at the same time leave one admin", async () => {
  await removeAdmins();
  const admins = [await createAdmin(), await createAdmin()];

  const results = await raceBehind(
    "select from public.profiles where id = any ($1) for update",
    [admins.map(({ profileId }) => profileId)],
    admins.map(({ client, profileId }) => () =>
      client.rpc("admin_set_role", { user_id: profileId, role: "user" })
    ),
  );

  expect(results.map(({ status }) => status).sort()).toEqual([200, 409]);
});

test("an admin's account can be deleted, and the audit log keeps its actions", async () => {
  const admin = await createAdmin();
  must(await admin.client.rpc("admin_get_user", { user_id: target.profileId }));
  must(await admin.client.rpc("admin_add_note", { user_id: target.profileId, note: "x" }));

  await asPostgres("delete from auth.users where id = $1", [admin.authId]);

  const entries = await asPostgres<{ action: string }>(
    "select action from public.audit_logs where admin_id = $1 order by created_at",
    [admin.profileId],
  );
  expect(entries.map(({ action }) => action)).toEqual(["admin_get_user", "admin_add_note"]);
});
