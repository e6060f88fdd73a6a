import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import type { LoadUser } from "../helpers/load-user.ts";
import type { StruckStack } from "./struck-stack.ts";

const PRICE = "price_parley_pro_monthly";
const PATIENCE_MS = 40_000;

const Sessions = z.object({
  checkout_sessions: z.array(z.object({ id: z.string(), status: z.string() })),
});

/** Opens the checkout of the plan Pro. Resolves with its id once the Stripe emulator has saved it. */
export async function openCheckout(stack: StruckStack, user: LoadUser): Promise<string> {
  const checkout = await user.openCheckout(PRICE);
  await stack.writtenByStripe(checkout);
  return checkout;
}

/** Pays and waits until the plan is active. If the page does not answer, or its checkout is lost, it tries again. */
export async function buyPlan(
  stack: StruckStack,
  user: LoadUser,
  checkout: string,
): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await delay(300)) {
    const status = await readCheckout(stack, checkout).catch(() => "unreachable");
    if (status === "open") await pay(stack, checkout);
    if (status === "complete" && await user.readPlan() === "pro") return;
  }
  throw new Error("what was bought is not there");
}

async function readCheckout({ control, status }: StruckStack, id: string): Promise<string> {
  const objects = Sessions.parse(await control(status.STRIPE_API_URL, "GET", "objects"));
  return objects.checkout_sessions.find((session) => session.id === id)?.status ?? "unknown";
}

async function pay({ control, status }: StruckStack, id: string): Promise<void> {
  const path = `checkout_sessions/${id}/complete`;
  await control(status.STRIPE_API_URL, "POST", path, {}).catch(() => {});
}
