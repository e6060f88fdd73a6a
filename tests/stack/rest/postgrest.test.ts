import { createClient } from "@supabase/supabase-js";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createLiteApp } from "../../../local/rest/lite-app.ts";
import { createTokenExchange } from "../../../local/gateway/tokens.ts";
import { loadKeys } from "../../../local/stack/keys.ts";
import { SUPERUSER } from "../../../local/postgres/names.ts";
import { asPostgres, createUser, stack, stateDir } from "../../helpers/stack.ts";

// A schema of its own, to test PostgREST's behaviour rather than the needs of Parley's tables.
const TABLES = `
  create table public.shelves (id integer primary key, name text not null);
  create table public.books (
    id integer primary key,
    shelf_id integer references public.shelves (id),
    title text not null,
    secret text not null default 'hidden',
    price numeric(10, 4),
    printed_at timestamptz,
    tags text[] not null default '{}',
    extra jsonb,
    constraint books_price_check check (price >= 0)
  );
  grant select, insert, update, delete on public.shelves to authenticated;
  grant select (id, shelf_id, title, price, printed_at, tags, extra), insert, update, delete
    on public.books to authenticated;
  create function public.echo(value jsonb) returns jsonb language sql set search_path = '' as 'select value';
  create function public.kind(value jsonb) returns text language sql set search_path = ''
    as 'select jsonb_typeof(value)';
  create function public.teapot() returns void language plpgsql set search_path = '' as $$
    begin
      raise sqlstate 'PT418' using message = 'short_and_stout', detail = '{"a": 1}', hint = 'Tip me over.';
    end $$;
  create function public.complain(code text) returns void language plpgsql set search_path = '' as $$
    begin raise exception using errcode = code, message = 'complaint'; end $$;
  create function public.snooze() returns void language sql set search_path = '' as 'select pg_sleep(20)';
  create function public.longest() returns text language sql set search_path = '' as
    'select current_setting(''statement_timeout'')';
  grant execute on function public.echo, public.kind, public.teapot, public.complain, public.snooze, public.longest
    to authenticated;
`;

const user = await createUser();
const db = createClient(stack.API_URL, stack.PUBLISHABLE_KEY, {
  auth: { persistSession: false },
  global: { headers: { authorization: `Bearer ${user.accessToken}` } },
});

beforeAll(async () => {
  await asPostgres(TABLES);
  // The schema cache reloads after the notification that every schema change sends.
  await vi.waitFor(() => db.from("books").select("id").limit(1).throwOnError(), { timeout: 5_000 });
  await db.from("shelves").insert([{ id: 1, name: "poems" }, { id: 2, name: "maps" }])
    .throwOnError();
  await db.from("books").insert([
    {
      id: 1,
      shelf_id: 1,
      title: "Elegies",
      price: 12.5,
      printed_at: "2026-03-01T12:00:00.123456Z",
      tags: ["a,b", "ü"],
      extra: { n: [1, null] },
    },
    {
      id: 2,
      shelf_id: 1,
      title: "Sonnets",
      price: 0.0001,
      printed_at: null,
      tags: [],
      extra: null,
    },
    { id: 3, shelf_id: 2, title: "Alps", price: null, printed_at: null, tags: [], extra: "text" },
  ]).throwOnError();
});

afterAll(async () => {
  await asPostgres(`
    drop table public.books, public.shelves;
    drop function public.echo, public.kind, public.teapot, public.complain, public.snooze, public.longest;
  `);
});

test("a column without a grant is refused, by name and by star", async () => {
  expect((await db.from("books").select("secret")).error?.code).toBe("42501");
  expect((await db.from("books").select("*")).error?.code).toBe("42501");
});

test("times are ISO 8601, numerics are numbers, arrays and JSON keep their form", async () => {
  const { data } = await db.from("books").select("price, printed_at, tags, extra").order("id");

  expect(data).toEqual([
    {
      price: 12.5,
      printed_at: "2026-03-01T12:00:00.123456+00:00",
      tags: ["a,b", "ü"],
      extra: { n: [1, null] },
    },
    { price: 0.0001, printed_at: null, tags: [], extra: null },
    { price: null, printed_at: null, tags: [], extra: "text" },
  ]);
});

test.for<[string, unknown]>([
  ["object", { a: { b: ["c", 1.5, null, true] } }],
  ["array", [1, "two", { three: 3 }]],
  ["array", []],
  ["string", "plain text"],
  ["number", 7],
  ["boolean", false],
])("a jsonb argument that is a %s stays one", async ([kind, value]) => {
  expect((await db.rpc("kind", { value })).data).toBe(kind);
  expect((await db.rpc("echo", { value })).data).toEqual(value);
});

test("a raised PTnnn is that HTTP status with code, detail and hint", async () => {
  const { error, status } = await db.rpc("teapot");

  expect(status).toBe(418);
  expect(error).toMatchObject({
    code: "PT418",
    message: "short_and_stout",
    details: '{"a": 1}',
    hint: "Tip me over.",
  });
});

test.for(
  [
    ["P0001", 400],
    ["23514", 400],
    ["28000", 403],
    ["40001", 500],
    ["42501", 403],
    ["53300", 503],
    ["57014", 500],
    ["ZZ999", 400],
  ] as const,
)("SQLSTATE %s is answered with its code and status %i", async ([code, expected]) => {
  const { error, status } = await db.rpc("complain", { code });

  expect(error?.code).toBe(code);
  expect(status).toBe(expected);
});

test("a violated check is named in a client error", async () => {
  const { error, status } = await db.from("books").insert({ id: 9, title: "x", price: -1 });

  expect(status).toBe(400);
  expect(error).toMatchObject({
    code: "23514",
    message: expect.stringContaining("books_price_check"),
  });
});

test("a statement that takes too long is cancelled", async () => {
  const keys = await loadKeys(stateDir);
  const tokens = await createTokenExchange(keys, `${stack.API_URL}/auth/v1`);
  const app = createLiteApp({
    databaseUrl: Object.assign(new URL(stack.DB_URL), { username: SUPERUSER }).href,
    apiUrl: stack.API_URL,
    keys,
    statementTimeoutMs: 300,
  });
  onTestFinished(() => app.connection.close());
  const headers = {
    apikey: stack.PUBLISHABLE_KEY,
    authorization: `Bearer ${await tokens.fromClient(user.accessToken)}`,
    "content-type": "application/json",
  };
  const snooze = new Request(`${stack.API_URL}/rest/v1/rpc/snooze`, {
    method: "POST",
    headers,
    body: "{}",
  });

  const response = await app.fetch(snooze, { peerAddress: null });

  expect(await response.json()).toMatchObject({ code: "57014" });
});

test("the stack cancels statements after 8 seconds", async () => {
  expect((await db.rpc("longest")).data).toBe("8s");
});

test("an upsert inserts and updates, and can ignore existing rows", async () => {
  const rows = [{ id: 1, name: "verse" }, { id: 8, name: "novels" }];
  const { data } = await db.from("shelves").upsert(rows).select().order("id");
  expect(data).toEqual(rows);

  const ignoring = { onConflict: "id", ignoreDuplicates: true };
  await db.from("shelves").upsert([{ id: 8, name: "ignored" }], ignoring).throwOnError();
  expect((await db.from("shelves").select("name").eq("id", 8).single()).data).toEqual({
    name: "novels",
  });
  await db.from("shelves").delete().eq("id", 8).throwOnError();
});

test("parents and children are embedded, filtered and ordered", async () => {
  const { data: shelf } = await db.from("shelves").select("id, books(title)")
    .eq("id", 1).order("title", { referencedTable: "books", ascending: false }).single();
  const { data: book } = await db.from("books").select("title, shelves!inner(id)").eq(
    "shelves.id",
    2,
  );

  expect(shelf).toEqual({ id: 1, books: [{ title: "Sonnets" }, { title: "Elegies" }] });
  expect(book).toEqual([{ title: "Alps", shelves: { id: 2 } }]);
});

test("rows are counted, with and without their data", async () => {
  const page = await db.from("books").select("id", { count: "exact" }).order("id").range(1, 1);
  const head = await db.from("books").select("id", { count: "exact", head: true });

  expect(page).toMatchObject({ data: [{ id: 2 }], count: 3 });
  expect(head).toMatchObject({ data: null, count: 3 });
});

test("a filter may list 300 values", async () => {
  const ids = Array.from({ length: 300 }, (_, index) => index);

  const { data } = await db.from("books").select("id").in("id", ids).order("id");

  expect(data?.map(({ id }) => id)).toEqual([1, 2, 3]);
});

test("a request returns at most 1,000 rows", async () => {
  await asPostgres(
    "insert into public.shelves select n, 'shelf ' || n from generate_series(1001, 2200) n",
  );

  const { data } = await db.from("shelves").select("id").gt("id", 1000);

  expect(data).toHaveLength(1000);
  await asPostgres("delete from public.shelves where id > 1000");
});

test("one row too many or too few is an error with its code", async () => {
  const none = await db.from("books").select("id").eq("id", 77).single();

  expect(none.error?.code).toBe("PGRST116");
  expect(none.status).toBe(406);
  expect(await db.from("books").select("id").eq("id", 77).maybeSingle()).toMatchObject({
    data: null,
    error: null,
  });
});

test("a table that does not exist is an error with a code", async () => {
  const { error, status } = await db.from("nowhere").select();

  expect(error?.code).toBe("PGRST205");
  expect(status).toBe(404);
});
