import type Stripe from "stripe";

/** More than a payer can have open, because each checkout for a plan expires the others. */
const PAGE = 100;

/**
 * Expires the open checkouts for a plan of a customer; with `newest`, only those that were opened before it. Returns
 * `paid` if one of them was paid meanwhile. Then `newest` is expired as well, so that nobody pays twice.
 */
export async function expireCheckouts(
  stripe: Stripe,
  customer: string,
  newest?: Stripe.Checkout.Session,
): Promise<"expired" | "paid"> {
  const { data } = await stripe.checkout.sessions.list({ customer, status: "open", limit: PAGE });
  // The list begins with the newest. Its order also tells sessions of the same second apart.
  const own = data.findIndex(({ id }) => id === newest?.id);
  // A checkout that is even newer has already expired this one, and takes care of the others.
  if (newest && own === -1) return "expired";
  const older = data.slice(own + 1).filter(({ metadata }) => metadata?.plan);
  const outcomes = await Promise.all(older.map(({ id }) => expire(stripe, id)));
  if (!outcomes.includes("paid")) return "expired";
  if (newest) await expire(stripe, newest.id);
  return "paid";
}

/** Expires a checkout. One that is no longer open was paid, or has been expired by another call. */
async function expire(stripe: Stripe, id: string): Promise<"expired" | "paid"> {
  try {
    await stripe.checkout.sessions.expire(id);
    return "expired";
  } catch (error) {
    const { status } = await stripe.checkout.sessions.retrieve(id);
    if (status === "open") throw error;
    return status === "complete" ? "paid" : "expired";
  }
}
