import Stripe from "stripe";
import { expect } from "vitest";
import * as z from "zod";
import { createStripe } from "../../functions/_shared/stripe/client.ts";
import { RedirectReply } from "../../types/api.ts";
import { asPostgres, stack, type TestUser } from "./stack.ts";

const { STRIPE_API_URL = "", STRIPE_WEBHOOK_SECRET = "" } = stack;

/** The real client, talking to the emulator. */
export const stripe = createStripe({ STRIPE_SECRET_KEY: "sk_test_tests", STRIPE_API_URL });

const EventRecord = z.object({
  id: z.string(),
  type: z.string(),
  state: z.enum(["held", "pending", "delivered", "failed", "unsent"]),
  last_status: z.number().nullable(),
  event: z.looseObject({ data: z.object({ object: z.looseObject({}) }) }),
});
/** An event and its delivery state. */
export type EventRecord = z.infer<typeof EventRecord>;

/** Holds events back until they are delivered one by one; call `releaseEvents` in `afterEach`. */
export async function holdEvents(): Promise<void> {
  await control("PUT", "delivery", { mode: "hold" });
}

/** Sends new events at once again, ends all behaviour that tests have set, and lets no event wait any more. */
export async function releaseEvents(): Promise<void> {
  await control("PUT", "delivery", { mode: "auto" });
  await control("DELETE", "behaviour");
  await setLastRun("null");
}

/** Makes the webhook leave events to its worker until `releaseEvents`, as if the schedule `stripe-events` ran. */
export async function letEventsWait(): Promise<void> {
  await setLastRun("now()");
}

async function setLastRun(at: "now()" | "null"): Promise<void> {
  await asPostgres(
    `update private.schedules set last_run_at = ${at}, last_status = 'ok' where name = 'stripe-events'`,
  );
}

/**
 * Calls the worker as the schedule does, for all events that are not applied yet. Pauses and leases are over. Resolves
 * when no event is being applied: the worker of the webhook may have claimed some of them before this one.
 */
export async function runEventWorker(key = stack.SECRET_KEY): Promise<Response> {
  await asPostgres("update stripe_events set due_at = now() where due_at is not null");
  const response = await fetch(`${stack.FUNCTIONS_URL}/stripe-webhook/events`, {
    method: "POST",
    headers: { apikey: key },
  });
  if (response.ok) {
    await expect.poll(() => asPostgres("select id from stripe_events where status = 'processing'"))
      .toEqual([]);
  }
  return response;
}

/** Returns the ledger's rows of these events, oldest first. */
export function ledgerOf(events: { id: string }[]): Promise<LedgerRow[]> {
  return asPostgres<LedgerRow>(
    "select type, status, attempts, error from stripe_events where id = any ($1) order by created_at, id",
    [events.map(({ id }) => id)],
  );
}

interface LedgerRow {
  type: string;
  status: string;
  attempts: number;
  error: string | null;
}

/** Resolves when every event about this text has been delivered and applied. */
export async function applied(text: string): Promise<void> {
  await delivered(text);
  await expect.poll(async () => {
    const rows = await ledgerOf(await eventsAbout(text));
    return rows.filter(({ status }) => status !== "processed" && status !== "ignored");
  }, { timeout: 20_000 }).toEqual([]);
}

/** Returns the number of requests to Stripe since a moment. */
export async function countRequests(since: Date) {
  const counts = z.object({
    total: z.number(),
    limited: z.number(),
    kinds: z.record(z.string(), z.number()),
  });
  return counts.parse(await control("GET", `requests/counts?since=${since.toISOString()}`));
}

/** Tells the emulator how to behave, until `releaseEvents`. */
export async function behave(behaviour: Record<string, unknown>): Promise<void> {
  await control("PUT", "behaviour", behaviour);
}

/** Returns all events about an object that contains this text, oldest first. */
export async function eventsAbout(text: string): Promise<EventRecord[]> {
  const records = z.array(EventRecord).parse(await control("GET", "events"));
  return records.filter(({ event }) => JSON.stringify(event.data.object).includes(text));
}

/** Delivers an event `times` times at once, and returns the status of the last response. */
export async function deliver(
  eventId: string,
  options: { times?: number; older_api_version?: boolean } = {},
): Promise<number | null> {
  return EventRecord.parse(await control("POST", `events/${eventId}/deliver`, options)).last_status;
}

/** Resolves when every event about this text has been delivered successfully. */
export async function delivered(text: string): Promise<void> {
  await expect.poll(async () => {
    const events = await eventsAbout(text);
    return events.length > 0 && events.every(({ state }) => state === "delivered");
  }, { timeout: 20_000 }).toBe(true);
}

/** Creates, changes or deletes an object in the emulator, and sends the events that Stripe would send. */
export async function command(fields: Record<string, unknown>): Promise<{ id: string }> {
  return z.looseObject({ id: z.string() }).parse(await control("POST", "objects", fields));
}

/** Lets a subscription's time pass until its next change. */
export async function advance(subscriptionId: string, payment?: string): Promise<void> {
  await control("POST", `subscriptions/${subscriptionId}/advance`, { payment });
}

/**
 * Opens a checkout as a client does and completes it as a customer does, who may choose a promotion code, a quantity
 * and answers. Returns its id.
 */
export async function buy(
  user: TestUser,
  priceId: string,
  choices: Record<string, unknown> = {},
): Promise<string> {
  const id = await openCheckout(user, priceId);
  await completeCheckout(id, choices);
  return id;
}

/** Completes a checkout as a customer does who pays. */
export async function completeCheckout(
  id: string,
  choices: Record<string, unknown> = {},
): Promise<void> {
  await control("POST", `checkout_sessions/${id}/complete`, choices);
}

/** Opens a checkout as a client does. Returns its id. */
export async function openCheckout(user: TestUser, priceId: string): Promise<string> {
  const response = await postBilling("checkout", user, {
    price_id: priceId,
    success_url: "http://localhost:3000/done",
    cancel_url: "http://localhost:3000/plans",
  });
  expect(response.status).toBe(200);
  const { url } = RedirectReply.parse(await response.json());
  return new URL(url).pathname.split("/").at(-1) ?? "";
}

/** Posts to the billing function as a user. */
export function postBilling(route: string, user: TestUser, body: unknown): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/billing/${route}`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${user.accessToken}`,
    },
    body: JSON.stringify(body),
  });
}

/** Reads from the billing function as a user. */
export function getBilling(route: string, user: TestUser): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/billing/${route}`, {
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
}

/** Posts an event to the webhook as Stripe does. */
export function postEvent(
  event: object,
  { secret = STRIPE_WEBHOOK_SECRET, timestamp, header }: {
    secret?: string;
    timestamp?: number;
    header?: string;
  } = {},
): Promise<Response> {
  const payload = JSON.stringify(event);
  const signature = header ??
    Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  return fetch(`${stack.FUNCTIONS_URL}/stripe-webhook`, {
    method: "POST",
    headers: { "content-type": "application/json", "stripe-signature": signature },
    body: payload,
  });
}

async function control(method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(new URL(`/_emulator/${path}`, STRIPE_API_URL), {
    method,
    headers: { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}
