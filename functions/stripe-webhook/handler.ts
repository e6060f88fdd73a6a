import Stripe from "stripe";
import type { EventsReply, WebhookReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createBillingDatabase } from "../_shared/stripe/billing-database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { runScheduled } from "../_shared/http/scheduled-call.ts";
import { applyWaitingEvents } from "./apply-events.ts";
import { createEventRecorder } from "./event-recorder.ts";
import { createEventWorker } from "./event-worker.ts";
import { processEvent, type WebhookPorts } from "./process-event.ts";

/** The greatest age of a signature, in seconds. */
const TOLERANCE_SECONDS = 300;

/** The services of the webhook function. Each request adds the database. */
export interface WebhookFunctionPorts extends Omit<WebhookPorts, "db"> {
  webhookSecret: string;
  /** True for a key of live mode. Events of the other mode are refused. */
  isLive: boolean;
}

/**
 * Creates the webhook. `POST /stripe-webhook` receives Stripe's events and checks their signature.
 * `POST /stripe-webhook/events` (secret key, every minute) applies events that wait, if their worker has died.
 */
export function createWebhookFunction(ports: WebhookFunctionPorts) {
  const app = createFunction({ name: "stripe-webhook", log: ports.log });
  const cryptoProvider = Stripe.createSubtleCryptoProvider();
  const recorder = createEventRecorder();
  const worker = createEventWorker(ports);

  app.post("/", allow("none"), async (c) => {
    const signature = c.req.header("stripe-signature");
    const event = await verify(ports, cryptoProvider, await c.req.text(), signature);
    const db = createBillingDatabase(c.var.supabaseContext.supabaseAdmin);
    Object.assign(c.var.facts, { event_id: event.id, event_type: event.type });
    const status = await processEvent({ ...ports, db, recorder }, event);
    c.var.facts.event_status = status;
    if (status === "accepted") worker.wake(db);
    return c.json<WebhookReply>({ status });
  });
  app.post("/events", allow("secret"), async (c) => {
    const db = createBillingDatabase(c.var.supabaseContext.supabaseAdmin);
    const run = () => applyWaitingEvents({ ...ports, db });
    const hasWorked = ({ applied }: EventsReply) => applied > 0;
    return c.json<EventsReply>(await runScheduled(c, ports.log, run, hasWorked));
  });
  return app;
}

async function verify(
  { stripe, webhookSecret, isLive }: WebhookFunctionPorts,
  cryptoProvider: Stripe.CryptoProvider,
  body: string,
  signature: string | undefined,
): Promise<Stripe.Event> {
  if (!signature) throw new AppError("invalid_signature");
  const event = await stripe.webhooks.constructEventAsync(
    body,
    signature,
    webhookSecret,
    TOLERANCE_SECONDS,
    cryptoProvider,
  ).catch((cause) => {
    throw new AppError("invalid_signature", { cause });
  });
  if (event.livemode !== isLive) throw new AppError("wrong_mode");
  return event;
}
