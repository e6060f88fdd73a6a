import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Database } from "../../types/database.ts";
import { goalTools } from "../helpers/goal-tools.ts";
import { freshEmail } from "../helpers/mail.ts";
import { drawFrom, drawn } from "../helpers/matrix.ts";
import { stackOfFile } from "../helpers/own-stack.ts";

const ownStack = stackOfFile({ PARLEY_SCHEDULER: "off", PARLEY_OPENAI_TOKENS_PER_SECOND: "20" });
/** Chats that are at different points of the loop when the functions are killed. */
const POINTS = 20;
const rounds = drawFrom("killed in a step", [1, 2, 3, 4, 5], { one: 1, sample: 1 });
/** The time between two chats. Together they cover a whole turn. */
const STAGGER_MS = 150;

let database: pg.Client;
beforeAll(async () => {
  database = new pg.Client(ownStack().status.DB_URL);
  await database.connect();
  await database.query(goalTools("killed"));
  for (const tool of ["add_killed_goal", "list_killed_goals", "slow_killed_goal"]) {
    await database.query("select private.add_function_tool('coach', $1)", [`tools.${tool}`]);
  }
  await fetch(new URL("/_emulator/behaviour", ownStack().status.OPENAI_BASE_URL), {
    method: "PUT",
    body: JSON.stringify({
      scenario: "tool_steps",
      steps: [
        {
          text: "I add two goals now.",
          calls: [
            { name: "add_killed_goal", arguments: '{"title": "quick"}' },
            { name: "slow_killed_goal", arguments: '{"seconds": 0.4}' },
          ],
        },
        { text: "And I list them.", calls: [{ name: "list_killed_goals", arguments: "{}" }] },
      ],
      tokens_per_second: 20,
      ttft_ms: 100,
    }),
  });
});
afterAll(() => database.end());

/** A user with a chat. */
async function openChat() {
  const { API_URL, PUBLISHABLE_KEY } = ownStack().status;
  const client = createClient<Database>(API_URL, PUBLISHABLE_KEY, {
    auth: { persistSession: false },
  });
  const { data } = await client.auth.signUp({
    email: freshEmail(),
    password: "correct horse battery",
  });
  const session = await client.from("chat_sessions").insert({ assistant_slug: "coach" }).select(
    "id",
  )
    .single().throwOnError();
  return { client, token: data.session?.access_token ?? "", sessionId: session.data.id };
}
type OpenChat = Awaited<ReturnType<typeof openChat>>;

async function send({ token, sessionId }: OpenChat): Promise<void> {
  try {
    const response = await fetch(`${ownStack().status.FUNCTIONS_URL}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ session_id: sessionId, content: "Go" }),
    });
    await response.text();
  } catch {
    // The functions were killed.
  }
}

/** Lets recovery find the turns of dead functions until none runs. */
async function recover(): Promise<void> {
  const { FUNCTIONS_URL, SECRET_KEY } = ownStack().status;
  await expect.poll(async () => {
    await database.query(
      "update public.chat_turns set progressed_at = now() - interval '2 minutes' where status = 'active'",
    );
    await fetch(`${FUNCTIONS_URL}/turn-recovery`, {
      method: "POST",
      headers: { apikey: SECRET_KEY, authorization: `Bearer ${SECRET_KEY}` },
    });
    const { rows } = await database.query(
      "select id from public.chat_turns where status = 'active'",
    );
    return rows.length;
  }, { timeout: 60_000, interval: 300 }).toBe(0);
}

test.for(rounds)(
  "functions that are killed at twenty points of the loop run each call once and lose none, round %i",
  { ...drawn, timeout: 120_000 },
  async () => {
    const chats = await Promise.all(Array.from({ length: POINTS }, openChat));
    const sent: Promise<void>[] = [];
    for (const chat of chats) {
      sent.push(send(chat));
      await new Promise((resolve) => setTimeout(resolve, STAGGER_MS));
    }
    await ownStack().stack.killFunctions();
    await Promise.all(sent);
    await recover();

    let survived = 0;
    for (const { sessionId } of chats) {
      const { rows: [turn] } = await database.query(
        `select t.*, m.content, m.status as reply, m.output_tokens, m.parts
         from public.chat_turns t join public.chat_messages m on m.id = t.assistant_message_id
         where t.session_id = $1`,
        [sessionId],
      );
      const { rows: calls } = await database.query(
        "select tool_slug, status from public.tool_calls where session_id = $1 order by step, position",
        [sessionId],
      );
      const { rows: goals } = await database.query(
        `select g.title from public.killed_goals g join public.profiles p on p.auth_id = g.user_id
         join public.chat_sessions s on s.user_id = p.id where s.id = $1 order by 1`,
        [sessionId],
      );
      if (turn === undefined || (turn.status === "failed" && turn.steps === 0)) {
        // The request, or the id of its response, died with the function. Nothing was called.
        expect([calls, goals]).toEqual([[], []]);
        continue;
      }
      survived += 1;
      expect(calls).toEqual([
        { tool_slug: "add_killed_goal", status: "complete" },
        { tool_slug: "slow_killed_goal", status: "complete" },
        { tool_slug: "list_killed_goals", status: "complete" },
      ]);
      expect(goals.map(({ title }) => title)).toEqual(["quick", "slow"]);
      expect([turn.status, turn.reply]).toEqual(["complete", "complete"]);
      expect(turn.content).toContain("list_killed_goals returned");
      expect(turn.parts.filter(({ type }: { type: string }) => type === "step-start")).toHaveLength(
        3,
      );
    }
    expect(survived).toBeGreaterThanOrEqual(POINTS / 2);
  },
);
