// The samples of docs/tools.md: the SQL in the order of the page, and the receiver behind an address of its own.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createAssistant } from "../helpers/assistants.ts";
import { openChat, readText } from "../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../helpers/stack.ts";
import { call } from "../helpers/tools.ts";
import { findSamples, makeSampleFolder, readPage } from "./samples.ts";

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
const TOOLS = ["list_my_orders", "cancel_my_order", "book_room", "get_city", "wiki", "acme_search"];

type Handler = (request: Request) => Response | Promise<Response>;

const page = await readPage("docs/tools.md");
const { slug } = await createAssistant();
let receive: Handler;
const server = createAdaptorServer({ fetch: (request) => receive(request) });

/** Loads the page's edge function, which gives its handler to `Deno.serve`. */
async function loadReceiver(): Promise<Handler> {
  const [code = ""] = findSamples(page, "ts").filter((sample) => sample.includes("Deno.serve"));
  await using folder = await makeSampleFolder();
  const file = path.join(folder.path, "index.ts");
  await writeFile(file, code);
  const loaded = Promise.withResolvers<Handler>();
  const env = { get: (name: string) => name === "ROOMS_SECRET" ? SECRET : undefined };
  Object.assign(globalThis, { Deno: { env, serve: loaded.resolve } });
  try {
    await import(file);
  } finally {
    Reflect.deleteProperty(globalThis, "Deno");
  }
  return await loaded.promise;
}

async function removeSamples(): Promise<void> {
  await asPostgres(`
    drop schema if exists vault cascade;
    delete from public.tools where slug = any (array['${TOOLS.join("', '")}']);
    drop function if exists tools.list_my_orders, tools.cancel_my_order;
    drop table if exists public.orders;
  `);
}

beforeAll(async () => {
  receive = await loadReceiver();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await removeSamples();
  await asPostgres(`
    create table public.orders (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null,
      placed_at timestamptz not null default now(),
      total numeric not null
    );
    alter table public.orders enable row level security;
    grant select, delete on public.orders to authenticated;
    create policy orders_select_own on public.orders for select to authenticated
      using (user_id = (select private.current_profile_id()));
    create policy orders_delete_own on public.orders for delete to authenticated
      using (user_id = (select private.current_profile_id()));
    -- The local stack has no Vault.
    create schema vault;
    create table vault.decrypted_secrets (name text, decrypted_secret text);
    create function vault.create_secret(secret text, name text) returns void language sql
      as $$ insert into vault.decrypted_secrets values (name, secret) $$;
  `);
  for (const sample of findSamples(page, "sql")) {
    const sql = sample.replaceAll("'coach'", `'${slug}'`).replace("whsec_…", SECRET)
      .replace("https://<ref>.supabase.co", `http://127.0.0.1:${port}`);
    await asPostgres(sql);
  }
});
afterEach(resetOpenAI);
afterAll(async () => {
  await removeSamples();
  server.close();
});

/** Sends a message that the model answers with these calls. Returns the calls, and the text of the reply. */
async function runTools(user: TestUser, ...calls: ReturnType<typeof call>[]) {
  const sessionId = await createSession(user, slug);
  await behave({ scenario: "tool_steps", steps: [{ calls }] });
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Please" });
  const query = user.client.from("tool_calls").select().eq("session_id", sessionId);
  return { rows: must(await query.order("position")), text: readText(chat.messages[1]) };
}

async function placeOrder({ profileId }: TestUser, total: number): Promise<void> {
  await asPostgres("insert into public.orders (user_id, total) values ($1, $2)", [
    profileId,
    total,
  ]);
}

test("three lines of SQL let an assistant list the orders of its user, and only those", async () => {
  const [user, stranger] = [await createUser(), await createUser()];
  await placeOrder(user, 12.5);
  await placeOrder(stranger, 99);

  const { rows, text } = await runTools(
    user,
    call("list_my_orders", { since: "2026-01-01", max_rows: null }),
  );

  expect(rows).toMatchObject([{ status: "complete", output: [{ total: 12.5 }] }]);
  expect(rows[0]?.output).toHaveLength(1);
  expect(text).toContain("12.5");
});

test("the receiver takes the calls of Parley, and refuses others", async () => {
  const user = await createUser();
  const given = { room: "Oslo", starts_at: "2999-12-01T09:00:00Z" };

  const { rows } = await runTools(
    user,
    call("book_room", given),
    call("book_room", { ...given, starts_at: "2020-12-01T09:00:00Z" }),
  );
  const forged = await receive(
    new Request("http://localhost/rooms", {
      method: "POST",
      body: JSON.stringify({ id: "1", user_id: user.authId, arguments: given }),
    }),
  );

  expect(rows.map(({ status, output, error }) => [status, output ?? error])).toEqual([
    ["complete", { booked: "Oslo", starts_at: "2999-12-01T09:00:00Z" }],
    ["failed", "The tool answered with status 422: starts_at must be a time in the future."],
  ]);
  expect(forged.status).toBe(401);
});

test("an assistant has the tools of the page, with their options", async () => {
  const tools = await asPostgres<{ slug: string }>(
    `select t.slug, t.kind, t.needs_approval, t.max_calls, t.timeout_ms
     from public.assistant_tools a join public.tools t on t.slug = a.tool_slug
     where a.assistant_slug = $1`,
    [slug],
  );

  expect(tools.map((tool) => tool.slug).toSorted()).toEqual(TOOLS.toSorted());
  expect(tools).toContainEqual({
    slug: "cancel_my_order",
    kind: "function",
    needs_approval: true,
    max_calls: 1,
    timeout_ms: 10_000,
  });
  expect(tools).toContainEqual(
    expect.objectContaining({ slug: "book_room", kind: "http", timeout_ms: 5_000 }),
  );
});
