import { afterEach, expect, onTestFinished, test } from "vitest";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, stack } from "../../helpers/stack.ts";
import {
  readUntil,
  readUsage,
  recoverTurns,
  resumeSession,
  savedResponseId,
  settled,
} from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();

/** Leaves a turn in the database as a function that died does. Its response at OpenAI is running or has ended. */
async function abandonedTurn(behaviour: Parameters<typeof behave>[0], status = "active") {
  await behave(behaviour);
  const sessionId = await createSession(user);
  await (await postChat({ session_id: sessionId, content: "Count" }, user.accessToken)).text();
  await asPostgres(
    `update public.chat_turns set status = $2, finished_at = null, progressed_at = now() - interval '2 minutes'
     where session_id = $1`,
    [sessionId, status],
  );
  await asPostgres(
    `update public.chat_messages set status = 'streaming', content = '', parts = '[]',
       output_tokens = null, input_tokens = null, cached_input_tokens = null
     where session_id = $1 and sender = 'assistant'`,
    [sessionId],
  );
  await asPostgres("update public.chat_sessions set thread_id = null where id = $1", [sessionId]);
  return sessionId;
}

async function reply(sessionId: string) {
  const query = user.client.from("chat_messages").select().eq("session_id", sessionId);
  return must(await query.eq("sender", "assistant").single());
}

test("an abandoned turn whose response is complete is settled as a client would have seen it", async () => {
  const sessionId = await abandonedTurn({ reply: "one two three" });

  const report = await recoverTurns();

  expect(report).toMatchObject({ checked: 1, complete: 1 });
  expect(await reply(sessionId)).toMatchObject({ status: "complete", content: "one two three" });
  const parts = (await loadHistory(user, sessionId))[1]?.parts;
  expect(parts?.filter(({ type }) => type !== "reasoning")).toEqual([
    { type: "step-start" },
    { type: "text", text: "one two three", state: "done" },
  ]);
  const chat = openChat(user, sessionId, await loadHistory(user, sessionId));
  await chat.sendMessage({ text: "And then?" });
  expect(chat.error).toBeUndefined();
});

test("a turn that was given up before its request left costs nothing and asks OpenAI for nothing", async () => {
  const sessionId = await createSession(user);
  // The answer of start_turn takes two minutes, and recovery has ended the turn meanwhile.
  await asPostgres(`
    create schema if not exists faults;
    grant usage on schema faults to public;
    create or replace function faults.give_up() returns trigger language plpgsql as $$
    begin
      perform public.fail_turn(new.id, '{"error": {"code": "provider_error"}}');
      return null;
    end $$;
    create or replace function faults.begin_early() returns trigger language plpgsql as $$
    begin
      new.step_started_at := now() - interval '2 minutes';
      return new;
    end $$;
    grant execute on all functions in schema faults to public;
    create trigger begin_early before insert on public.chat_turns for each row
      when (new.session_id = '${sessionId}') execute function faults.begin_early();
    create constraint trigger give_up after insert on public.chat_turns
      deferrable initially deferred for each row
      when (new.session_id = '${sessionId}') execute function faults.give_up();
  `);
  onTestFinished(() =>
    asPostgres(`
      drop trigger begin_early on public.chat_turns;
      drop trigger give_up on public.chat_turns;
    `).then(() => {})
  );
  const before = (await readUsage(user)).monthly_messages.used;

  const response = await postChat({ session_id: sessionId, content: "Count" }, user.accessToken);

  expect([response.status, (await response.json()).code]).toEqual([503, "provider_timeout"]);
  const sent = (await openaiRequests()).filter(({ body }) =>
    JSON.stringify(body ?? null).includes(sessionId)
  );
  expect(sent).toEqual([]);
  expect(await reply(sessionId)).toMatchObject({ status: "failed" });
  expect((await readUsage(user)).monthly_messages.used).toBe(before);
});

test("ten concurrent recoveries settle a turn exactly once", async () => {
  const sessionId = await abandonedTurn({ reply: "one two three" });
  const metrics = () =>
    asPostgres(
      "select request_count from public.usage_metrics where user_id = $1 and feature_type = 'chat'",
      [user.profileId],
    );
  const [before] = await metrics();

  const reports = await Promise.all(Array.from({ length: 10 }, recoverTurns));

  expect(reports.reduce((sum, { checked = 0 }) => sum + checked, 0)).toBe(1);
  const [after] = await metrics();
  expect(Number(after?.request_count)).toBe(Number(before?.request_count) + 1);
  expect((await reply(sessionId)).status).toBe("complete");
});

test("a turn that failed at OpenAI, or that OpenAI does not know, fails; one without output is refunded", async () => {
  const sessionId = await abandonedTurn({ reply: "one" });
  await asPostgres(
    "update public.chat_turns set response_id = 'resp_unknown' where session_id = $1",
    [sessionId],
  );
  const used = (await readUsage(user)).monthly_messages.used;

  expect(await recoverTurns()).toMatchObject({ failed: 1 });

  expect(await reply(sessionId)).toMatchObject({
    status: "failed",
    error: { code: "provider_error" },
  });
  expect((await readUsage(user)).monthly_messages.used).toBe(used - 1);
});

test("a turn with recent progress is left alone", async () => {
  const sessionId = await abandonedTurn({ reply: "one" });
  await asPostgres("update public.chat_turns set progressed_at = now() where session_id = $1", [
    sessionId,
  ]);

  expect(await recoverTurns()).toMatchObject({ checked: 0 });

  expect((await reply(sessionId)).status).toBe("streaming");
  await asPostgres("delete from public.chat_sessions where id = $1", [sessionId]);
});

test("a stopped turn whose function died is settled as stopped", async () => {
  await behave({ reply: "one two three four five six", tokens_per_second: 5 });
  const sessionId = await createSession(user);
  await readUntil(
    await postChat({ session_id: sessionId, content: "Count" }, user.accessToken),
    "two",
  );
  const responseId = await savedResponseId(sessionId);
  await asPostgres(
    "update public.chat_turns set stop_requested_at = now() where session_id = $1",
    [sessionId],
  );
  await fetch(`${stack.OPENAI_BASE_URL}/responses/${responseId}/cancel`, {
    method: "POST",
    headers: { authorization: "Bearer test" },
  });

  await settled(user, sessionId);

  expect(await reply(sessionId)).toMatchObject({ status: "stopped" });
});

test("the first client that comes back settles a turn whose function is gone", async () => {
  const sessionId = await abandonedTurn({ reply: "one two three" });

  const stream = await (await resumeSession(user, sessionId)).text();

  expect(stream).toContain('"type":"finish"');
  expect(await reply(sessionId)).toMatchObject({ status: "complete", content: "one two three" });
});

test("deleting the session during a turn cancels at OpenAI, books the tokens and refunds nothing", async () => {
  await behave({ reply: Array(60).fill("word").join(" "), tokens_per_second: 5 });
  const sessionId = await createSession(user);
  const used = (await readUsage(user)).monthly_messages.used;
  await readUntil(
    await postChat({ session_id: sessionId, content: "Talk" }, user.accessToken),
    "word",
  );
  const responseId = await savedResponseId(sessionId);
  const metrics = async () =>
    Number(
      (await asPostgres(
        "select sum(output_tokens) as tokens from public.usage_metrics where user_id = $1",
        [user.profileId],
      ))[0]?.tokens,
    );
  const before = await metrics();

  must(await user.client.from("chat_sessions").delete().eq("id", sessionId).select());

  await expect.poll(
    async () => (await openaiRequests()).some(({ path }) => path.endsWith(`${responseId}/cancel`)),
    { timeout: 15_000 },
  ).toBe(true);
  await expect.poll(metrics, { timeout: 10_000 }).toBeGreaterThan(before);
  expect((await readUsage(user)).monthly_messages.used).toBe(used + 1);
});

test("recovery is refused without the secret key", async () => {
  const route = `${stack.FUNCTIONS_URL}/turn-recovery`;
  const headers = [{}, { apikey: stack.PUBLISHABLE_KEY }, {
    authorization: `Bearer ${user.accessToken}`,
  }];
  const answers = await Promise.all(
    headers.map((each) =>
      fetch(route, { method: "POST", headers: new Headers(Object.entries(each)) })
    ),
  );

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
});
