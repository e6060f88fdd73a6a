import { expect, test } from "vitest";
import { AccountExport, AccountExportPart } from "../../../types/api.ts";
import {
  addMessages,
  countRows,
  listOwnedTables,
  readExport,
  readExportParts,
  requestExport,
} from "../../helpers/account.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";
import { createFullUser } from "./full-user.ts";

/** Tables with rows about a user that the user does not own, so an export leaves them out. */
const NOT_EXPORTED = {
  admin_notes: "what admins think of a user is theirs",
  audit_logs: "the house's record of what its admins did",
};

test("an export holds every row of every table that names its user, and no rows of others", {
  timeout: 60_000,
}, async () => {
  const user = await createFullUser();
  await createFullUser();

  const document = await readExport(user);

  const counts = await countRows(user);
  for (const { name, schema } of await listOwnedTables()) {
    if (schema !== "public") continue;
    expect(counts[name], `${name} has a row`).toBeGreaterThan(0);
    expect(Object.hasOwn(AccountExport.shape, name), name)
      .toBe(!Object.hasOwn(NOT_EXPORTED, name));
  }
  for (const [section, rows] of Object.entries(document)) {
    if (!Array.isArray(rows)) continue;
    if (section in counts) expect(rows, section).toHaveLength(counts[section] ?? 0);
    for (const row of rows) {
      expect(row.user_id ?? row.invited_by ?? user.profileId, section).toBe(user.profileId);
    }
  }
  expect(document.profiles).toMatchObject([{ id: user.profileId, organization_role: "owner" }]);
  expect(document.organizations).toMatchObject([{ name: "Team" }]);
  expect(document.credit_grants).toHaveLength(1);
  const text = JSON.stringify(document);
  expect(text).not.toContain("token_hash");
  expect(text).not.toContain("Asks a lot");
});

test("an export gives the rows as the REST API does, with download links for files", async () => {
  const user = await createFullUser();
  const response = await requestExport(user);

  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(response.headers.get("content-disposition"))
    .toMatch(/^attachment; filename="parley-export-\d{4}-\d\d-\d\d\.json"$/);
  const document = AccountExportPart.parse(await response.json());
  expect(document.next).toBeNull();
  for (const table of ["profiles", "chat_sessions", "subscriptions", "payments"] as const) {
    expect(document[table]).toEqual(must(await user.client.from(table).select()));
  }
  const messages = user.client.from("chat_messages").select().order("session_id").order("seq");
  expect(document.chat_messages).toEqual(must(await messages));
  const file = await fetch(document.chat_files?.[0]?.download_url ?? "");
  expect(await file.text()).toBe("The grey horse is called Comet.");
});

test("an export reads beyond one page: every message once, ordered by session and seq", {
  timeout: 60_000,
}, async () => {
  const user = await createUser();
  const sessions = await Promise.all([1, 2, 3, 4, 5].map(() => createSession(user)));
  await addMessages(sessions[0] ?? "", 3_001);
  await addMessages(sessions[1] ?? "", 2, 600_000);
  await addMessages(sessions[2] ?? "", 1_000);
  await addMessages(sessions[3] ?? "", 999);
  await asPostgres(
    `insert into public.user_activity (user_id, action, created_at)
     select $1, 'n' || n, now() - make_interval(mins => n / 3) from generate_series(1, 2500) n`,
    [user.profileId],
  );

  const { chat_messages, user_activity } = await readExport(user);

  const rows = await asPostgres<{ id: string }>(
    "select id from public.chat_messages where user_id = $1 order by session_id, seq",
    [user.profileId],
  );
  expect(rows).toHaveLength(5_002);
  expect(chat_messages.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  const { profileId } = user;
  const [{ count } = { count: 0 }] = await asPostgres<{ count: number }>(
    "select count(*)::integer as count from public.user_activity where user_id = $1",
    [profileId],
  );
  expect(new Set(user_activity.map(({ id }) => id)).size).toBe(count);
  expect(user_activity).toHaveLength(count);
});

test(
  "a large export comes in parts that hold every message once",
  { timeout: 60_000 },
  async () => {
    const user = await createUser();
    const sessions = await Promise.all([1, 2].map(() => createSession(user)));
    await addMessages(sessions[0] ?? "", 1_500, 10_000);
    await addMessages(sessions[1] ?? "", 1_500, 10_000);

    const parts = await readExportParts(user);

    expect(parts).toHaveLength(2);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(18_000_000);
    const rows = await asPostgres<{ id: string }>(
      "select id from public.chat_messages where user_id = $1 order by session_id, seq",
      [user.profileId],
    );
    const exported = parts.flatMap(({ chat_messages = [] }) => chat_messages);
    expect(exported.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
    expect(parts.at(-1)).toHaveProperty("sync_logs");
  },
);

test.for([
  "nonsense",
  "[]",
  '["audit_logs"]',
  '["chat_messages", "1"]',
  '["chat_messages", "no id", "1"]',
  '["chat_messages", 1, 2]',
])("a part of an export is refused after %j", async (after) => {
  const response = await requestExport(await createUser(), after);

  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid_cursor" });
});

test.for([["banned", "role = 'banned'"], ["inactive", "is_active = false"]])(
  "a user who is %s may still export the account",
  async ([, change]) => {
    const user = await createUser();
    await addMessages(await createSession(user), 3);
    await asPostgres(`update public.profiles set ${change} where id = $1`, [user.profileId]);

    expect((await readExport(user)).chat_messages).toHaveLength(3);
  },
);

test("an export waits for its reader, and breaks off once the account is closed", {
  timeout: 60_000,
}, async () => {
  const user = await createUser();
  await addMessages(await createSession(user), 4_000, 16_000);
  const response = await requestExport(user);
  const reader = response.body?.getReader();
  expect((await reader?.read())?.done).toBe(false);

  // The server generates the export only as fast as it is read, so closing the account stops the rest.
  await asPostgres("select private.close_account($1)", [user.profileId]);

  const readAll = async () => {
    let bytes = 0;
    for (;;) {
      const { value, done } = await reader?.read() ?? { done: true };
      if (done) return bytes;
      bytes += value?.byteLength ?? 0;
    }
  };
  await expect(readAll()).rejects.toThrow();
});

test("an export is refused without a login, and after the login was deleted", async () => {
  const user = await createUser();
  expect((await requestExport({ ...user, accessToken: "nonsense" })).status).toBe(401);

  await asPostgres("delete from auth.users where id = $1", [user.authId]);

  const response = await requestExport(user);
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ code: "unknown_user" });
});

test("export_account refuses an unknown section and an invalid cursor", async () => {
  const { client } = await createUser();
  const refused = async (section: string, after?: string[]) =>
    (await client.rpc("export_account", { section, after })).error;

  expect(await refused("audit_logs")).toMatchObject({ message: "unknown_section" });
  expect(await refused("chat_messages", ["1"])).toMatchObject({ message: "invalid_cursor" });
  const quoted = await refused("chat_messages", ["'; select 1; --", "0"]);
  expect(quoted).toMatchObject({ code: "22P02" });
});
