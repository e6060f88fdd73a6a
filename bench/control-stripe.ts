import { createHmac } from "node:crypto";
import type { StackStatus } from "../local/stack/status.ts";

/** Does work `count` times, `atOnce` at a time. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Sends a command to the emulator of Stripe. */
export async function control(status: StackStatus, method: string, path: string, body?: unknown) {
  const response = await fetch(new URL(`/_emulator/${path}`, status.STRIPE_API_URL), {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  const answer: unknown = await response.json();
  return answer;
}

/** Sends an event to a function, signed as Stripe does. */
export async function postEvent(status: StackStatus, name: string, event: object): Promise<void> {
  const payload = JSON.stringify(event);
  const timestamp = Math.floor(Date.now() / 1000);
  const hmac = createHmac("sha256", status.STRIPE_WEBHOOK_SECRET ?? "")
    .update(`${timestamp}.${payload}`);
  const response = await fetch(`${status.FUNCTIONS_URL}/${name}`, {
    method: "POST",
    headers: { "stripe-signature": `t=${timestamp},v1=${hmac.digest("hex")}` },
    body: payload,
  });
  if (!response.ok) throw new Error(await response.text());
  await response.body?.cancel();
}
