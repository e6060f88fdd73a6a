import { createHmac } from "node:crypto";
import { nowInSeconds } from "../responses/build-response.ts";
import { newId } from "../new-id.ts";
import type { WireResponse } from "../wire-types.ts";

/** Where a project receives its events, and the secret that signs them (`whsec_` and base64). */
export interface WebhookEndpoint {
  url: string;
  secret: string;
}

/** The pauses before the second and each later attempt, in milliseconds. OpenAI tries for up to 72 hours. */
const RETRY_DELAYS_MS = [1_000, 5_000];
const TIMEOUT_MS = 10_000;

/**
 * Sends the event about the end of a background response, as OpenAI does for projects with an endpoint. Tries again
 * when the endpoint does not answer with 2xx. Never rejects.
 * @see https://developers.openai.com/api/docs/guides/webhooks
 */
export async function sendEvent(
  { url, secret }: WebhookEndpoint,
  { id, status }: Pick<WireResponse, "id" | "status">,
): Promise<void> {
  const event = {
    id: newId("evt"),
    object: "event",
    created_at: nowInSeconds(),
    type: `response.${status}`,
    data: { id },
  };
  const body = JSON.stringify(event);
  for (const delay of [0, ...RETRY_DELAYS_MS]) {
    // An emulator that ends does not wait for an attempt.
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay).unref());
    if (await post(url, body, sign(secret, event.id, body))) return;
  }
}

/** @see https://github.com/standard-webhooks/standard-webhooks, symmetric signatures. */
function sign(secret: string, id: string, body: string): Record<string, string> {
  const timestamp = String(nowInSeconds());
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": `v1,${signature}`,
  };
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const reply = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      signal,
    });
    await reply.body?.cancel();
    return reply.ok;
  } catch {
    return false;
  }
}
