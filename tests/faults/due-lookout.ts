import { expect } from "vitest";
import type { StruckStack } from "./struck-stack.ts";

/** Creates a lookout that is due now, and returns its id. */
export async function makeDueLookout({ database }: StruckStack, email: string): Promise<string> {
  const { rows: [row] } = await database.query<{ id: string }>(
    `insert into public.lookouts
       (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
     select p.id, 'News', 'What is new in the world of tests?', 'researcher', 'once',
       '2020-01-01T09:00:00', 'UTC', now()
     from public.profiles p where p.email = $1
     returning id`,
    [email],
  );
  return row?.id ?? "";
}

/** Expects that the lookout has run once, with at most one message, and that the run has ended. */
export async function expectOneRun({ database }: StruckStack, id: string): Promise<void> {
  const { rows } = await database.query(
    `select l.status, r.status as run, (
       select count(*)::integer from public.chat_messages m where m.session_id = r.session_id and m.sender = 'user'
     ) as questions
     from public.lookouts l join public.lookout_runs r on r.lookout_id = l.id
     where l.id = $1`,
    [id],
  );
  expect(rows).toEqual([{
    status: "archived",
    run: expect.stringMatching(/^(complete|failed)$/),
    questions: expect.toBeOneOf([0, 1]),
  }]);
}
