import fc from "fast-check";
import { expect, test } from "vitest";
import { draw, drawn } from "../../helpers/matrix.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";
import { createAdmin } from "../admin/make-admin.ts";
import { rest } from "./rest.ts";

const [user, victim] = [await createUser(), await createUser()];
const secret = crypto.randomUUID();
const sessionId = await createSession(victim);
must(
  await victim.client.from("chat_sessions").update({ title: secret }).eq("id", sessionId).select(),
);
await createSession(user);
const SIZES = { one: 40, sample: 100, full: 400 };

const nasty = fc.oneof(
  fc.constantFrom(
    "'",
    "''",
    '"',
    "\\",
    "\\'",
    "' or 1=1 --",
    "1) or (1=1",
    "') or true--",
    "id;select pg_sleep(9)",
    "id\0",
    "$1",
    "$$",
    "%",
    "_",
    "*",
    "()",
    "(((((",
    "id.desc,(select 1)",
    "title from auth.users--",
    "title::regclass",
    "title->>'a'",
    "title->a->>b'",
    "..",
    ",",
    "*,auth.users(*)",
    "current_user",
    'x" from private.assistant_instructions --',
    "{1,2}",
    "9223372036854775808",
    "NaN",
    "\u202e",
    "\ud83d",
  ),
  fc.string({ unit: "grapheme", maxLength: 30 }),
);
const operator = fc.oneof(
  fc.constantFrom(
    "eq",
    "neq",
    "gt",
    "like",
    "ilike",
    "match",
    "imatch",
    "in",
    "is",
    "cs",
    "cd",
    "ov",
    "sl",
    "fts",
    "plfts",
    "wfts",
    "not.eq",
    "like(any)",
    "eq(all)",
  ),
  nasty,
);
const query = fc.oneof(
  fc.tuple(nasty, operator, nasty).map(([c, o, v]) => ({ [c]: `${o}.${v}` })),
  fc.tuple(fc.constantFrom("title", "id", "created_at", "message_count"), operator, nasty)
    .map(([c, o, v]) => ({ [c]: `${o}.${v}` })),
  fc.tuple(fc.constantFrom("order", "select", "limit", "offset", "or", "and", "not.or"), nasty)
    .map(([name, value]) => ({ [name]: value })),
  fc.tuple(fc.constantFrom("or", "and"), operator, nasty)
    .map(([name, o, value]) => ({ [name]: `(title.${o}.${value})` })),
).map((pairs) => new URLSearchParams(Object.entries(pairs).map(([k, v]) => [k, v.toWellFormed()])));

/** Fails if a response is a 5xx, shows another user's data, or shows how the server works. */
function requireHarmless({ status, text }: { status: number; text: string }, sent: unknown): void {
  expect(status, `${JSON.stringify(sent)}: ${text}`).toBeLessThan(500);
  expect(text).not.toContain(secret);
  expect(text).not.toMatch(/node_modules|\.[mc]?[jt]s:\d+|\n\s+at |postgres(ql)?:\/\/|sb_secret_/);
}

test("any text in a filter stays a filter", { ...drawn, timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(query, async (sent) => {
      requireHarmless(await rest(user, "GET", `chat_sessions?${sent}`), String(sent));
    }),
    draw("filters", SIZES),
  );
});

test.for(Object.getOwnPropertyNames(Object.prototype))(
  "%s, which every object inherits, is harmless as an operator, a column or a function",
  async (name) => {
    const targets = [`title=${name}.x`, `${name}=eq.1`, `or=(title.${name}.x)`, `order=${name}`];
    for (const target of [...targets, `select=${name}`, `title=not.${name}.x`]) {
      requireHarmless(await rest(user, "GET", `chat_sessions?${target}`), target);
    }
    requireHarmless(await rest(user, "POST", `rpc/${name}`, { body: {} }), name);
  },
);

test("any text as a column name stays a name", { ...drawn, timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(nasty, nasty, async (name, other) => {
      const names = new URLSearchParams({
        columns: name.toWellFormed(),
        on_conflict: other.toWellFormed(),
      });
      const headers = { prefer: "resolution=merge-duplicates" };
      const body = { [name.toWellFormed()]: other.toWellFormed() };
      const posted = await rest(user, "POST", `chat_sessions?${names}`, { body, headers });
      requireHarmless(posted, names);
      requireHarmless(await rest(user, "PATCH", "chat_sessions?id=is.null", { body }), body);
    }),
    draw("names", SIZES),
  );
});

test.for(["id%00=eq.1", "select=id%00", "order=id%00", "columns=id%00", "title=eq.a%00b", "a%00"])(
  "a NUL byte in an address is refused: %s",
  async (sent) => {
    for (const method of ["GET", "POST"]) {
      const answer = await rest(user, method, `chat_sessions?${sent}`, {
        body: method === "POST" ? {} : undefined,
      });
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ code: "22021" });
    }
    expect((await rest(user, "GET", `chat_sessions${sent}`)).status).toBe(400);
  },
);

test("texts in arguments stay texts", { ...drawn, timeout: 600_000 }, async () => {
  const calls = (text: string): [string, Record<string, unknown>][] => [
    ["get_shared_chat", { token: text }],
    ["accept_invitation", { token: text }],
    ["create_organization", { name: text }],
    ["log_activity", { action: text }],
    ["set_chat_visibility", { session_id: text, visibility: text }],
    [encodeURIComponent(text), {}],
  ];
  await fc.assert(
    fc.asyncProperty(nasty, async (value) => {
      for (const [name, body] of calls(value.toWellFormed())) {
        requireHarmless(await rest(user, "POST", `rpc/${name}`, { body }), [name, value]);
      }
    }),
    draw("texts", { one: 15, sample: 40, full: 150 }),
  );
});

test("an admin's search is literal: wildcards and quotes have no effect", {
  ...drawn,
  timeout: 600_000,
}, async () => {
  const admin = await createAdmin();
  await asPostgres("update profiles set user_name = $1 where id = $2", [
    "100%_sure'\\",
    user.profileId,
  ]);
  const find = async (search: string) => {
    const { json } = await rest(admin, "POST", "rpc/admin_list_users", { body: { search } });
    return json;
  };

  for (const text of ["100%_sure'\\", "%_sure'", "'\\"]) {
    expect(await find(text), text).toMatchObject({ users: [{ id: user.profileId }], total: 1 });
  }
  for (const text of ["100__sure", "1%sure", "' or true --", "') or (1=1", "$1"]) {
    expect(await find(text), text).toMatchObject({ users: [], total: 0 });
  }
  await fc.assert(
    fc.asyncProperty(nasty, nasty, async (search, sort) => {
      const [text, by] = [search.toWellFormed(), sort.toWellFormed()];
      const body = { search: text, plan: by, page_size: 1 };
      requireHarmless(await rest(admin, "POST", "rpc/admin_list_users", { body }), body);
      for (const order of [{ sort: by }, { direction: by }]) {
        const { status } = await rest(admin, "POST", "rpc/admin_list_users", { body: order });
        expect(status, by).toBe(400);
      }
    }),
    draw("searches", { one: 10, sample: 30, full: 100 }),
  );
});

test.for(["__proto__", "constructor", "toString", "hasOwnProperty"])(
  "a property that every JavaScript object inherits is not a column: %s",
  async (name) => {
    for (
      const address of [
        `chat_sessions?${name}=eq.1`,
        `chat_sessions?%22${name}%22=eq.1`,
        `chat_sessions?id->>${name}=eq.1`,
        `chat_sessions?chat_messages.${name}=eq.1&select=id,chat_messages(id)`,
        `chat_sessions?or=(${name}.eq.1,title.eq.${name})`,
        `chat_sessions?select=id,${name}`,
        `chat_sessions?order=${name}`,
      ]
    ) {
      for (const method of ["GET", "PATCH", "DELETE"]) {
        const body = method === "PATCH" ? { title: "Taken" } : undefined;
        const { status, json } = await rest(user, method, address, { body });
        expect(status, `${method} ${address}`).toBe(400);
        expect(json).toMatchObject({ code: "42703" });
      }
    }
    // As a value the name is harmless, and nothing was changed or deleted.
    const named = await rest(user, "GET", `chat_sessions?title=eq.${name}`);
    expect(named.json).toEqual([]);
    expect(must(await user.client.from("chat_sessions").select("title"))).toEqual([{
      title: null,
    }]);
  },
);
