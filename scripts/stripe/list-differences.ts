import { isDeepStrictEqual } from "node:util";
import type { SupabaseClient } from "@supabase/supabase-js";
import type { StripeObject } from "../../functions/_shared/stripe/stripe-objects.ts";
import { unwrap } from "../../functions/_shared/http/refusal.ts";
import type { Database } from "../../types/database.ts";

/** An object of Stripe and its row. */
interface Compared {
  name: string;
  fields: object;
  row: object | null;
}

const WITH_ITEMS = `*, items:subscription_items(
  id, stripe_price_id, stripe_product_id, quantity, current_period_start, current_period_end, created_at
)` as const;

/** Lists the changes that a sync would make, one line a field. */
export async function listDifferences(
  admin: SupabaseClient<Database>,
  objects: StripeObject[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const object of objects) {
    const compared = await compare(admin, object);
    if (compared) lines.push(...describe(compared));
  }
  return lines;
}

async function compare(
  admin: SupabaseClient<Database>,
  object: StripeObject,
): Promise<Compared | null> {
  if (object.kind === "checkout" || "is_missing" in object) return null;
  const { kind, fields } = object;
  switch (kind) {
    case "product": {
      const query = admin.from("stripe_products").select().eq("id", fields.id);
      return { name: `${kind} ${fields.id}`, fields, row: unwrap(await query.maybeSingle()) };
    }
    case "price": {
      const query = admin.from("stripe_prices").select().eq("id", fields.id);
      return { name: `${kind} ${fields.id}`, fields, row: unwrap(await query.maybeSingle()) };
    }
    case "customer": {
      const query = admin.from("stripe_customers").select().eq("id", fields.id);
      return { name: `${kind} ${fields.id}`, fields, row: unwrap(await query.maybeSingle()) };
    }
    case "subscription": {
      const id = fields.stripe_subscription_id;
      const query = admin.from("subscriptions").select(WITH_ITEMS).eq("stripe_subscription_id", id)
        .order("id", { referencedTable: "items" });
      return { name: `${kind} ${id}`, fields, row: unwrap(await query.maybeSingle()) };
    }
    case "payment":
      return await comparePayment(admin, fields);
  }
}

async function comparePayment(
  admin: SupabaseClient<Database>,
  fields: Extract<StripeObject, { kind: "payment" }>["fields"],
): Promise<Compared> {
  // The row refers to the subscription by Parley's own id.
  const { stripe_subscription_id: _, ...columns } = fields;
  const intentId = fields.stripe_payment_intent_id;
  const payments = admin.from("payments").select();
  const query = intentId
    ? payments.eq("stripe_payment_intent_id", intentId)
    : payments.eq("stripe_invoice_id", fields.stripe_invoice_id ?? "")
      .is("stripe_payment_intent_id", null);
  const name = `payment ${intentId ?? fields.stripe_invoice_id}`;
  return { name, fields: columns, row: unwrap(await query.maybeSingle()) };
}

function describe({ name, fields, row }: Compared): string[] {
  if (!row) return [`+ ${name}`];
  const stored = new Map(Object.entries(row));
  return Object.entries(fields)
    .filter(([field, value]) => !isDeepStrictEqual(normalize(stored.get(field)), normalize(value)))
    .map(([field, value]) =>
      `~ ${name} ${field}: ${JSON.stringify(stored.get(field))} → ${JSON.stringify(value)}`
    );
}

/** Converts times to one format and undefined to null, so that equal values compare as equal. */
function normalize(value: unknown): unknown {
  return value === undefined
    ? null
    : JSON.parse(JSON.stringify(value), (_, each: unknown) =>
      typeof each === "string" && /^\d{4}-\d{2}-\d{2}T/.test(each)
        ? new Date(each).toISOString()
        : each);
}
