import { afterEach, expect, test } from "vitest";
import { postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, type TestUser } from "../../helpers/stack.ts";
import { readUntil, resumeSession, savedResponseId, stopSession } from "../../helpers/turns.ts";

afterEach(resetOpenAI);

/** Starts a turn that outlasts the test, and resolves when its first text has arrived. */
async function startSlowTurn(user: TestUser): Promise<string> {
  await behave({ reply: Array(200).fill("word").join(" "), tokens_per_second: 5 });
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: "Count" };
  await readUntil(await postChat(body, user.accessToken), "word");
  await savedResponseId(sessionId);
  return sessionId;
}

async function codesOf(answers: Response[]): Promise<string[]> {
  const refused = answers.filter(({ status }) => status === 429);
  return await Promise.all(refused.map(async (answer) => (await answer.json()).code));
}

test("a turn has at most five readers, also when all come at once; the others get 429", async () => {
  const user = await createUser();
  const sessionId = await startSlowTurn(user);

  const answers = await Promise.all(
    Array.from({ length: 10 }, () => resumeSession(user, sessionId)),
  );

  // The client that sent the message is a reader too.
  const readers = answers.filter(({ status }) => status === 200);
  expect(readers).toHaveLength(4);
  expect(await codesOf(answers)).toEqual(Array(6).fill("too_many_readers"));

  await stopSession(user, sessionId);
  const streams = await Promise.all(readers.map((reader) => reader.text()));
  for (const stream of streams) expect(stream).toContain('"type":"abort"');
});

test("a client that leaves gives its place back: reloads are not refused", async () => {
  const user = await createUser();
  const sessionId = await startSlowTurn(user);

  for (let reloads = 0; reloads < 8; reloads += 1) {
    // A reload may arrive before the function has noticed that the page before it is gone.
    await expect.poll(async () => {
      const page = new AbortController();
      const answer = await resumeSession(user, sessionId, page.signal);
      if (answer.status === 200) await readUntil(answer, "word");
      page.abort();
      return answer.status;
    }).toBe(200);
  }

  await stopSession(user, sessionId);
});

test("a user may join twenty times a minute, also when all come at once", async () => {
  const user = await createUser();
  const sessionId = await startSlowTurn(user);
  const join = () => resumeSession(user, sessionId);
  expect((await join()).status).toBe(200);
  // The minute must not end during the test.
  await asPostgres(
    `insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
     select $1, 'attaches', date_trunc('minute', now(), 'UTC') + n * interval '1 minute', 17, now()
     from generate_series(0, 1) n
     on conflict (user_id, feature, period_start) do update set count = 17`,
    [user.profileId],
  );

  const answers = await Promise.all(Array.from({ length: 5 }, join));

  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(await codesOf(answers)).toEqual(Array(2).fill("too_many_readers"));
  await stopSession(user, sessionId);
});
