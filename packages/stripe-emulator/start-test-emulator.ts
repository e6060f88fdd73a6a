import Stripe from "stripe";
import { expect, onTestFinished } from "vitest";
import * as z from "zod";
import type { Behaviour } from "./control/behaviour.ts";
import { type ServeOptions, serveStripeEmulator } from "./serve-emulator.ts";
import { SECRET, startReceiver } from "./events/webhook-receiver.ts";

export const MONTHLY = "price_parley_pro_monthly";
export const YEARLY = "price_parley_pro_yearly";
export const CREDITS = "price_parley_credits_100";

const Records = z.array(z.object({
  id: z.string(),
  type: z.string(),
  state: z.string(),
  attempts: z.number(),
  last_status: z.number().nullable(),
}));

const Objects = z.record(z.string(), z.array(z.looseObject({ id: z.string() })));

const Counts = z.object({
  total: z.number(),
  limited: z.number(),
  kinds: z.record(z.string(), z.number()),
});

const Requests = z.array(z.object({
  at: z.iso.datetime(),
  method: z.string(),
  path: z.string(),
  status: z.number().nullable(),
  body: z.unknown(),
}));

/** Serves an emulator with a webhook until the test ends; returns it with a real client and its control API. */
export async function startEmulator(
  options: Partial<ServeOptions> = {},
) {
  const webhook = await startReceiver();
  const { url, close } = await serveStripeEmulator({
    port: 0,
    webhook: { url: webhook.url, secret: SECRET },
    ...options,
  });
  let closed: Promise<void> | undefined;
  const closeOnce = () => closed ??= close();
  onTestFinished(closeOnce);
  const control = (method: string, path: string, body?: unknown) =>
    fetch(`${url}/_emulator${path}`, { method, body: JSON.stringify(body) });
  const records = async () => Records.parse(await (await control("GET", "/events")).json());
  return {
    url,
    close: closeOnce,
    webhook,
    client: connect(url),
    control,
    records,
    behave: (behaviour: Behaviour) => control("PUT", "/behaviour", behaviour),
    hold: () => control("PUT", "/delivery", { mode: "hold" }),
    advance: (id: string, payment?: string) =>
      control("POST", `/subscriptions/${id}/advance`, { payment }),
    complete: (id: string, payment?: string, choices: object = {}) =>
      control("POST", `/checkout_sessions/${id}/complete`, { payment, ...choices }),
    objects: async () => Objects.parse(await (await control("GET", "/objects")).json()),
    requests: async () => Requests.parse(await (await control("GET", "/requests")).json()),
    counts: async () => Counts.parse(await (await control("GET", "/requests/counts")).json()),
    /** Returns the types of all events so far, when no event is pending any more. */
    async settledTypes() {
      await expect.poll(async () => (await records()).filter(({ state }) => state === "pending"))
        .toEqual([]);
      return webhook.types();
    },
  };
}

export type Emulator = Awaited<ReturnType<typeof startEmulator>>;

/** Returns a real client for the emulator at `url`. */
export function connect(url: string, config: Partial<Stripe.StripeConfig> = {}, key = "sk_test_x") {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: "http",
    maxNetworkRetries: 0,
    telemetry: false,
    ...config,
  });
}

/** Creates a customer who pays with the given test card. */
export async function createPayer(
  client: Stripe,
  card = "pm_card_visa",
): Promise<Stripe.Customer> {
  return await client.customers.create({
    email: "payer@example.com",
    payment_method: card,
    invoice_settings: { default_payment_method: card },
  });
}

/** Creates a subscription of a new customer, with its first invoice. */
export async function subscribe(
  client: Stripe,
  params: Partial<Stripe.SubscriptionCreateParams> = {},
  card?: string,
): Promise<Stripe.Subscription> {
  const { id: customer } = await createPayer(client, card);
  return await client.subscriptions.create({ customer, items: [{ price: MONTHLY }], ...params });
}

/** Completes a checkout of one thing, and returns the session with the objects that it created. */
export async function checkOut(
  { client, complete }: Pick<Emulator, "client" | "complete">,
  params: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Promise<Stripe.Checkout.Session> {
  const { id } = await client.checkout.sessions.create({
    mode: "subscription",
    line_items: [{ price: MONTHLY, quantity: 1 }],
    success_url: "https://app.example.com/done?session={CHECKOUT_SESSION_ID}",
    ...params,
  });
  await complete(id);
  return await client.checkout.sessions.retrieve(id);
}

/** Returns the id in a reference that is not expanded. */
export function refer(reference: string | { id: string } | null | undefined): string {
  const id = typeof reference === "string" ? reference : reference?.id;
  if (!id) throw new Error("The reference is empty.");
  return id;
}

/** Advances a subscription once for each payment, and returns its status after each. */
export async function pass(
  { client, advance }: Pick<Emulator, "client" | "advance">,
  id: string,
  payments: readonly (string | undefined)[],
): Promise<string[]> {
  const statuses: string[] = [];
  for (const payment of payments) {
    await advance(id, payment);
    statuses.push((await client.subscriptions.retrieve(id)).status);
  }
  return statuses;
}

/** Returns the start and the end of the current period of a subscription. */
export function periodOf({ items: { data: [item] } }: Stripe.Subscription): [number, number] {
  return [item?.current_period_start ?? 0, item?.current_period_end ?? 0];
}
