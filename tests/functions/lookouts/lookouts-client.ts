import { expect, vi } from "vitest";
import * as z from "zod";
import { LookoutsReply } from "../../../types/api.ts";
import { asPostgres, must, stack, type TestUser } from "../../helpers/stack.ts";

/** The response of a route. */
export interface Answer {
  status: number;
  body: Record<string, unknown> & { id?: string };
}

/** Calls a route of the lookouts function as a user. */
export async function call(
  user: TestUser,
  method: string,
  route: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(`${stack.FUNCTIONS_URL}/lookouts${route}`, {
    method,
    headers: {
      authorization: `Bearer ${user.accessToken}`,
      "content-type": "application/json",
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  const parsed = text === "" ? {} : JSON.parse(text);
  return { status: response.status, body: z.looseObject({}).parse(parsed) };
}

/** Returns the body of a daily lookout; `more` replaces or adds fields. */
export function daily(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    title: "Morning news",
    prompt: "What is new today?",
    assistant_slug: "coach",
    frequency: "daily",
    timezone: "Europe/London",
    time: "09:00",
    ...more,
  };
}

/** Creates a lookout and returns its id. */
export async function make(user: TestUser, more: Record<string, unknown> = {}): Promise<string> {
  const { status, body } = await call(user, "POST", "", daily(more));
  if (status !== 201 || typeof body.id !== "string") throw new Error(JSON.stringify(body));
  return body.id;
}

/** Makes the next run of lookouts due now. */
export async function due(...ids: string[]): Promise<void> {
  await asPostgres(
    "update public.lookouts set next_run_at = date_trunc('second', now()) - interval '1 minute' where id = any ($1)",
    [ids],
  );
}

/** Lets the lease of a lookout's run expire, as if minutes had passed. */
export async function lapse(id: string): Promise<void> {
  await asPostgres(
    "update public.lookouts set lease_until = now() where id = $1 and lease_until is not null",
    [id],
  );
}

/** Starts all due lookouts, as the schedule does. Their replies are written afterwards. */
export async function startDue(): Promise<LookoutsReply> {
  return LookoutsReply.parse(await callAsSchedule("lookouts/run"));
}

/** Runs all due lookouts to their end, as the schedules of lookouts and recovery do within some minutes. */
export async function runDue(): Promise<LookoutsReply> {
  const reply = await startDue();
  await endRuns();
  return reply;
}

/** Lets recovery settle all turns as soon as OpenAI has written their replies. All starts must have ended. */
export async function endRuns(): Promise<void> {
  await vi.waitFor(async () => {
    const turns = await asPostgres(`
      update public.chat_turns set progressed_at = now() - interval '2 minutes'
      where status = 'active' returning id
    `);
    if (turns.length > 0) await callAsSchedule("turn-recovery");
    expect(turns).toEqual([]);
  }, { timeout: 20_000, interval: 50 });
}

async function callAsSchedule(path: string): Promise<unknown> {
  const response = await fetch(`${stack.FUNCTIONS_URL}/${path}`, {
    method: "POST",
    headers: { apikey: stack.SECRET_KEY },
  });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

/** Returns a lookout as its owner reads it. */
export async function readLookout(user: TestUser, id: string) {
  return must(await user.client.from("lookouts").select().eq("id", id).single());
}

/** Returns the runs of a lookout as its owner reads them, oldest first. */
export async function readRuns(user: TestUser, id: string) {
  const query = user.client.from("lookout_runs").select().eq("lookout_id", id);
  return must(await query.order("scheduled_at"));
}

/** Gives a user another plan, as billing does. */
export async function setPlan(user: TestUser, plan: string): Promise<void> {
  await asPostgres("update public.profiles set subscription_plan = $2 where id = $1", [
    user.profileId,
    plan,
  ]);
}

/** Makes sure that no lookout of an earlier test is due. */
export async function clearLookouts(): Promise<void> {
  await asPostgres("delete from public.lookouts");
}

/** Returns the ids of a user's chats. */
export async function sessionIds(user: TestUser): Promise<string[]> {
  return must(await user.client.from("chat_sessions").select("id")).map(({ id }) => id);
}
