import { expect, test } from "vitest";
import { drawFrom, drawn } from "../../helpers/matrix.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";
import { rest } from "./rest.ts";

interface Column {
  table: string;
  column: string;
  insert: boolean;
  update: boolean;
  select: boolean;
}

const [owner, stranger] = [await createUser(), await createUser()];
const sessionId = await createSession(owner);
const columns = await asPostgres<Column>(
  `select c.relname as "table", a.attname as "column",
     has_column_privilege('authenticated', c.oid, a.attnum, 'insert') as insert,
     has_column_privilege('authenticated', c.oid, a.attnum, 'update') as update,
     has_column_privilege('authenticated', c.oid, a.attnum, 'select') as select
   from pg_class c
   join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   -- Generated columns take nothing from anybody, and say so before rights are looked at.
     and a.attgenerated = ''
   where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
   order by 1, a.attnum`,
);
const tables = Map.groupBy(columns, ({ table }) => table);
const named = [...tables].map(([table, all]): [string, Column[]] => [table, all]);

/** The columns that clients may write. A migration that grants more must add them here. */
const WRITABLE = {
  chat_messages: { insert: [], update: ["feedback"] },
  chat_sessions: { insert: ["id", "assistant_slug", "title"], update: ["title", "archived_at"] },
  custom_instructions: { insert: ["user_id", "content"], update: ["user_id", "content"] },
  profiles: { insert: [], update: ["user_name", "organization_name", "avatar_url"] },
};

test("clients can write exactly the listed columns", () => {
  const granted = named.map(([table, all]) => {
    const names = (right: "insert" | "update") =>
      all.filter((column) => column[right]).map(({ column }) => column).toSorted();
    return [table, { insert: names("insert"), update: names("update") }] as const;
  }).filter(([, { insert, update }]) => insert.length + update.length > 0);
  const wanted = Object.entries(WRITABLE).map(([table, { insert, update }]) =>
    [table, { insert: insert.toSorted(), update: update.toSorted() }] as const
  );

  expect(Object.fromEntries(granted)).toEqual(Object.fromEntries(wanted));
});

test.for(named)("%s refuses every protected column, in any form of body", {
  ...drawn,
  timeout: 120_000,
}, async ([table, all]) => {
  const key = all[0]?.column ?? "id";
  const some = drawFrom(`columns of ${table}`, all, { one: 2, sample: 4 });
  for (const { column, insert, update } of some) {
    const free = all.filter((other) => other.update).map((other) => [other.column, null]);
    const body = { ...Object.fromEntries(free), [column]: null };
    const refused = { code: "42501" };
    if (!update) {
      const answer = await rest(owner, "PATCH", `${table}?${key}=not.is.null`, { body });
      expect(answer.json, `PATCH ${column}`).toMatchObject(refused);
    }
    if (!insert) {
      for (const prefer of ["return=minimal", "resolution=merge-duplicates"]) {
        const headers = { prefer };
        const sent = { [column]: null };
        const named = await rest(owner, "POST", `${table}?columns=${column}`, {
          body: [sent],
          headers,
        });
        expect(named.json, `POST columns=${column} ${prefer}`).toMatchObject(refused);
        const bare = await rest(owner, "POST", table, { body: sent, headers });
        expect(bare.json, `POST ${column} ${prefer}`).toMatchObject(refused);
      }
    }
  }
});

test.for(named.filter(([, all]) => !all.some(({ select }) => select)))(
  "%s cannot be read, filtered, ordered or embedded",
  async ([table, all]) => {
    const column = all[0]?.column;
    for (const target of [table, `${table}?select=count`, `${table}?${column}=is.null`]) {
      expect((await rest(owner, "GET", target)).json, target).toMatchObject({ code: "42501" });
    }
    for (const from of ["profiles", "organizations", "chat_sessions"]) {
      for (const select of [`${table}(*)`, `${table}!inner(*)`, `*,x:${table}(${column})`]) {
        const answer = await rest(owner, "GET", `${from}?select=${select}`);
        // PostgREST answers 300 if an embedding is ambiguous.
        expect(answer.status, `${from} ${select}`).toBeGreaterThanOrEqual(300);
        expect(answer.status, answer.text).toBeLessThan(500);
      }
    }
  },
);

test("an upsert reaches no row of another user", async () => {
  must(
    await owner.client.from("custom_instructions")
      .insert({ user_id: owner.profileId, content: "Mine" }).select(),
  );
  const headers = { prefer: "resolution=merge-duplicates,return=representation" };
  const foreign = { user_id: owner.profileId, content: "Yours" };
  const session = { id: sessionId, assistant_slug: "coach", title: "Taken" };
  const attempts = [
    ["custom_instructions", foreign],
    ["custom_instructions?on_conflict=user_id", foreign],
    ["custom_instructions?columns=user_id,content", foreign],
    ["chat_sessions", session],
    ["chat_sessions?on_conflict=id", session],
    ["chat_sessions?on_conflict=id&columns=id,title,assistant_slug", session],
  ] as const;

  for (const [target, body] of attempts) {
    const answer = await rest(stranger, "POST", target, { body, headers });
    expect(answer.json, target).toMatchObject({ code: "42501" });
  }
  const moved = await rest(stranger, "POST", "custom_instructions", {
    body: { user_id: stranger.profileId, content: "x" },
    headers,
  });
  expect(moved.status).toBeLessThan(300);
  expect(
    (await rest(stranger, "PATCH", "custom_instructions?content=eq.x", {
      body: { user_id: owner.profileId },
    })).json,
  ).toMatchObject({ code: "42501" });
  expect(must(await owner.client.from("custom_instructions").select("content")))
    .toEqual([{ content: "Mine" }]);
  expect(must(await owner.client.from("chat_sessions").select("title").eq("id", sessionId)))
    .toEqual([{ title: null }]);
});

test("a column that is missing from `columns` is not written, even if the body has it", async () => {
  const body = [{ assistant_slug: "coach", user_id: owner.profileId, message_count: 99 }];
  const headers = { prefer: "return=representation" };
  const { json } = await rest(stranger, "POST", "chat_sessions?columns=assistant_slug", {
    body,
    headers,
  });

  expect(json).toMatchObject([{ user_id: stranger.profileId, message_count: 0 }]);
});

test.for(
  [
    ["ensure_profile", { auth_user_id: owner.authId }],
    ["get_my_usage", { user_id: owner.profileId }],
    ["set_chat_visibility", { session_id: sessionId, visibility: "public", share_token: "chosen" }],
    ["log_activity", { action: "x", data: {}, user_id: owner.profileId }],
  ] as const,
)("%s refuses arguments that it does not have", async ([name, body]) => {
  const answer = await rest(stranger, "POST", `rpc/${name}`, { body });

  expect(answer.status).toBe(404);
  expect(answer.json).toMatchObject({ code: "PGRST202" });
});

test.for(["private", "auth", "storage", "extensions", "pg_catalog", "information_schema"])(
  "the schema %s is not served",
  async (schema) => {
    for (
      const [method, header] of [["GET", "accept-profile"], ["POST", "content-profile"]] as const
    ) {
      for (const target of ["users", "assistant_instructions", "rpc/require_can_act"]) {
        const answer = await rest(owner, method, target, { headers: { [header]: schema } });

        expect(answer.status, target).toBeGreaterThanOrEqual(400);
        expect(answer.status, answer.text).toBeLessThan(500);
      }
    }
  },
);
