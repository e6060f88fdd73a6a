import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAssistant } from "../../helpers/assistants.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { endTurnsOf } from "../../helpers/tools.ts";

const service = createTestClient(stack.SECRET_KEY);
const assistant = await createAssistant();

beforeAll(async () => {
  await asPostgres(`
    create table public.tool_marks (user_id uuid not null);
    alter table public.tool_marks enable row level security;
    grant select, insert on public.tool_marks to authenticated;
    create policy tool_marks_own on public.tool_marks to authenticated
      using (user_id = auth.uid()) with check (user_id = auth.uid());
    create function tools.mark(seconds integer) returns text language plpgsql set search_path = '' as $$
    begin
      insert into public.tool_marks values (auth.uid());
      perform pg_sleep(seconds);
      return (select string_agg(m.user_id::text, ',') from public.tool_marks m);
    end $$;
    comment on function tools.mark is 'Leaves a mark.';
  `);
  await asPostgres("select private.add_function_tool($1, 'tools.mark')", [assistant.slug]);
});

afterAll(async () => {
  await endTurnsOf(assistant.slug);
  await asPostgres("drop table public.tool_marks");
});

/** Starts a turn that calls the tool; returns the id of the call. */
async function storeCall(user: TestUser, seconds: number): Promise<string> {
  const session_id = await createSession(user, assistant.slug);
  const turn = must(
    await service.rpc("start_turn", {
      auth_user_id: user.authId,
      session_id,
      client_id: randomUUID(),
      content: "Hello",
      parts: [{ type: "text", text: "Hello" }],
    }),
  );
  const stored = must(
    await service.rpc("store_step", {
      turn_id: (turn as { turn_id: string }).turn_id,
      step: 0,
      reply: { parts: [] },
      calls: [{ call_id: "call_1", name: "mark", arguments: JSON.stringify({ seconds }) }],
    }),
  ) as { calls: { id: string }[] };
  const [call] = stored.calls;
  if (!call) throw new Error("no call was stored");
  return call.id;
}

const run = async (tool_call_id: string) =>
  must(await service.rpc("run_function_tool", { tool_call_id }));

const marksOf = async ({ authId }: TestUser) =>
  (await asPostgres("select from public.tool_marks where user_id = $1", [authId])).length;

test("two runners run a call once, as its user", async () => {
  const [user, other] = [await createUser(), await createUser()];
  await run(await storeCall(other, 0));
  const id = await storeCall(user, 1);

  const calls = await Promise.all([run(id), run(id)]);

  const expected = expect.objectContaining({ status: "complete", output: user.authId });
  expect(calls).toEqual([expected, expected]);
  expect(await marksOf(user)).toBe(1);
  expect(must(await user.client.from("tool_calls").select("id"))).toEqual([{ id }]);
  expect(must(await other.client.from("tool_calls").select("id").eq("id", id))).toEqual([]);
});

test("a tool is stopped after ten seconds, and what it did is undone", async () => {
  const user = await createUser();
  const id = await storeCall(user, 30);
  const startedAt = performance.now();

  expect(await run(id)).toMatchObject({
    status: "failed",
    output: null,
    error: expect.stringContaining("took too long"),
  });

  const seconds = (performance.now() - startedAt) / 1_000;
  expect(seconds).toBeGreaterThan(9.5);
  expect(seconds).toBeLessThan(14);
  expect(await marksOf(user)).toBe(0);
}, 20_000);

test("clients can neither run nor store calls", async () => {
  const user = await createUser();
  const id = await storeCall(user, 0);

  const replies = await Promise.all([
    user.client.rpc("run_function_tool", { tool_call_id: id }),
    user.client.rpc("end_http_tool", { tool_call_id: id, is_claimed: true }),
    user.client.rpc("start_http_tool", { tool_call_id: id }),
    user.client.from("tool_calls").update({ status: "complete" }).eq("id", id),
  ]);

  expect(replies.map(({ error }) => error?.code)).toEqual(["42501", "42501", "42501", "42501"]);
  expect(await marksOf(user)).toBe(0);
});
