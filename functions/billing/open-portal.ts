import { AppError } from "../_shared/http/errors.ts";
import type { BillingPorts } from "./billing-ports.ts";
import { requireAllowed } from "./check-url.ts";

/** Opens Stripe's portal for a customer and returns its URL. A suspended user may still cancel a subscription. */
export async function openPortal(
  { stripe, db, allowedOrigins }: BillingPorts,
  userId: string,
  returnUrl: string,
): Promise<string> {
  const return_url = requireAllowed(allowedOrigins, returnUrl);
  const { customer_id } = await db.findAccount(userId, false);
  if (!customer_id) throw new AppError("no_customer");
  const session = await stripe.billingPortal.sessions.create({
    customer: customer_id,
    return_url,
  });
  return session.url;
}
