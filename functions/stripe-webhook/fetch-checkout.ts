import type Stripe from "stripe";
import type { Json } from "../../types/database.ts";
import { idOf } from "../_shared/stripe/client.ts";
import type { Fetcher } from "../_shared/stripe/create-fetcher.ts";
import type { StripeObject } from "../_shared/stripe/stripe-objects.ts";

/** Fetches a completed checkout, and the subscription or payment that it created. */
export async function fetchCheckout(
  stripe: Stripe,
  fetcher: Fetcher,
  sessionId: string,
): Promise<StripeObject[]> {
  const session = await stripe.checkout.sessions.retrieve(sessionId);
  const [subscription, invoice, intent] = [
    idOf(session.subscription),
    idOf(session.invoice),
    idOf(session.payment_intent),
  ];
  // The subscription first, because it brings its invoice along.
  const subscribed = subscription ? await fetcher.subscription(subscription) : [];
  const paid = invoice
    ? await fetcher.invoice(invoice)
    : intent
    ? await fetcher.payment(intent)
    : [];
  return [...subscribed, ...paid, mapCheckout(session)];
}

/** Returns a completed checkout as `apply_stripe_objects` stores it. */
export function mapCheckout(session: Stripe.Checkout.Session): StripeObject {
  return {
    kind: "checkout",
    fields: {
      id: session.id,
      stripe_customer_id: idOf(session.customer),
      stripe_subscription_id: idOf(session.subscription),
      stripe_payment_intent_id: idOf(session.payment_intent),
      stripe_invoice_id: idOf(session.invoice),
      custom_field_data: mapFields(session.custom_fields),
      profile_id: readPayer(session),
    },
  };
}

/**
 * Returns the profile for which our own server opened a checkout. The buyer of a payment link can set the reference,
 * but only our server writes the metadata.
 */
function readPayer({ client_reference_id, metadata }: Stripe.Checkout.Session): string | null {
  return client_reference_id === metadata?.profile_id ? client_reference_id : null;
}

function mapFields(fields: Stripe.Checkout.Session.CustomField[]): Json {
  if (fields.length === 0) return null;
  return Object.fromEntries(fields.map(({ key, dropdown, numeric, text }) => [
    key,
    dropdown?.value ?? numeric?.value ?? text?.value ?? null,
  ]));
}
