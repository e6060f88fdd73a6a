import Stripe from "stripe";
import type { JsonObject } from "../json.ts";
import type { WireEvent } from "./wire-event.ts";

/** The time in which a webhook must respond, in milliseconds. */
const TIMEOUT_MS = 30_000;

/** A webhook's address and the secret that signs its events. */
export interface WebhookEndpoint {
  url: string;
  secret: string;
}

/**
 * Posts a signed event as Stripe does. Resolves with the status of the HTTP response; null if there was none.
 * Each call creates a new signature (https://docs.stripe.com/webhooks#verify-manually).
 */
export async function postEvent(
  { url, secret }: WebhookEndpoint,
  event: WireEvent | JsonObject,
  stopped: AbortSignal,
): Promise<number | null> {
  const payload = JSON.stringify(event, null, 2);
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "stripe-signature": Stripe.webhooks.generateTestHeaderString({ payload, secret }),
  };
  const signal = AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)]);
  try {
    const reply = await fetch(url, { method: "POST", headers, body: payload, signal });
    await reply.body?.cancel();
    return reply.status;
  } catch {
    return null;
  }
}
