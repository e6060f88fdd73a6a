import Stripe from "stripe";
import type { WebhookReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createBillingDatabase } from "../_shared/stripe/billing-database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { processEvent, type WebhookPorts } from "./process-event.ts";

/** The greatest age of a signature, in seconds. */
const TOLERANCE_SECONDS = 300;

/** The services of the webhook function. Each request adds the database. */
export interface WebhookFunctionPorts extends Omit<WebhookPorts, "db"> {
  webhookSecret: string;
  /** True for a key of live mode. Events of the other mode are refused. */
  isLive: boolean;
}

/** Creates the function `POST /stripe-webhook`, which receives Stripe's events and checks their signature. */
export function createWebhookFunction(ports: WebhookFunctionPorts) {
  const app = createFunction({ name: "stripe-webhook", log: ports.log });
  const cryptoProvider = Stripe.createSubtleCryptoProvider();

  app.post("/", allow("none"), async (c) => {
    const signature = c.req.header("stripe-signature");
    const event = await verify(ports, cryptoProvider, await c.req.text(), signature);
    const db = createBillingDatabase(c.var.supabaseContext.supabaseAdmin);
    const status = await processEvent({ ...ports, db }, event);
    ports.log.info("event", { event_id: event.id, event_type: event.type, status });
    return c.json<WebhookReply>({ status });
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
