import { afterEach, beforeEach, expect, test } from "vitest";
import { loadHistory, postChat } from "../../helpers/chat-client.ts";
import { asPostgres, createSession, createUser } from "../../helpers/stack.ts";

const user = await createUser();
const sessionId = await createSession(user);

/** Rolls the next transactions that start a turn of this chat back, as Postgres does to a victim of a deadlock. */
async function failNextStarts(count: number): Promise<void> {
  // Unlike a row, a sequence keeps its value when a transaction is rolled back.
  await asPostgres(`
    create sequence private.test_deadlocks;
    create function private.test_deadlock() returns trigger language plpgsql security definer as $$
    begin
      if new.session_id = '${sessionId}' and nextval('private.test_deadlocks') <= ${count} then
        raise sqlstate '40P01' using message = 'deadlock detected', detail = 'Process 1 waits for ShareLock';
      end if;
      return new;
    end
    $$;
    create trigger test_deadlock before insert on public.chat_turns
      for each row execute function private.test_deadlock();
  `);
}

beforeEach(() => asPostgres("delete from private.rate_counters"));
afterEach(async () => {
  await asPostgres(`
    drop trigger test_deadlock on public.chat_turns;
    drop function private.test_deadlock();
    drop sequence private.test_deadlocks;
  `);
});

test("a transaction that a deadlock rolled back is tried again, and the user sees nothing of it", async () => {
  await failNextStarts(1);
  const response = await postChat({ session_id: sessionId, content: "Hello" }, user.accessToken);
  expect(response.status).toBe(200);
  await response.text();
  expect(await loadHistory(user, sessionId)).toHaveLength(2);
});

test("after two deadlocks the user may try again, and nothing is stored", async () => {
  const before = await loadHistory(user, sessionId);
  await failNextStarts(2);
  const response = await postChat(
    { session_id: sessionId, content: "Hello again" },
    user.accessToken,
  );
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  const text = await response.text();
  expect(JSON.parse(text)).toMatchObject({ code: "try_again", message: expect.any(String) });
  expect(text).not.toMatch(/deadlock|ShareLock|Process/i);
  expect(await loadHistory(user, sessionId)).toEqual(before);
});
