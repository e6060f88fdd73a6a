import type Stripe from "stripe";
import { idOf, toIso } from "./client.ts";
import type { StripeObject } from "./stripe-objects.ts";

/** Maps a product for the database. A deleted product becomes a tombstone. */
export function mapProduct(product: Stripe.Product | Stripe.DeletedProduct): StripeObject {
  const { id } = product;
  if (product.deleted) {
    return { kind: "product", fields: { id, is_deleted: true, is_active: false } };
  }
  return {
    kind: "product",
    fields: {
      id,
      name: product.name,
      description: product.description,
      is_active: product.active,
      is_deleted: false,
      default_price_id: idOf(product.default_price),
      images: product.images,
      metadata: product.metadata,
      created_at: toIso(product.created),
    },
  };
}

/** Maps a price for the database. */
export function mapPrice(price: Stripe.Price): StripeObject {
  return {
    kind: "price",
    fields: {
      id: price.id,
      product_id: requireProduct(price),
      is_active: price.active,
      is_deleted: false,
      currency: price.currency,
      unit_amount: price.unit_amount,
      type: price.type,
      recurring_interval: price.recurring?.interval ?? null,
      recurring_interval_count: price.recurring?.interval_count ?? null,
      nickname: price.nickname,
      lookup_key: price.lookup_key,
      metadata: price.metadata,
      created_at: toIso(price.created),
    },
  };
}

/** Maps a price, and its product if expanded, as context: both came along with another object. */
export function mapPriceContext(price: Stripe.Price): StripeObject[] {
  const objects = typeof price.product === "string" ? [] : [mapProduct(price.product)];
  return [...objects, mapPrice(price)].map((object) => ({ ...object, is_context: true }));
}

/** Maps a customer for the database. */
export function mapCustomer(customer: Stripe.Customer | Stripe.DeletedCustomer): StripeObject {
  const { id } = customer;
  if (customer.deleted) return { kind: "customer", fields: { id, is_deleted: true } };
  return {
    kind: "customer",
    fields: {
      id,
      email: customer.email,
      name: customer.name ?? null,
      currency: customer.currency ?? null,
      is_delinquent: customer.delinquent ?? false,
      is_deleted: false,
      metadata: customer.metadata,
      created_at: toIso(customer.created),
    },
  };
}

function requireProduct({ id, product }: Stripe.Price): string {
  const productId = idOf(product);
  if (!productId) throw new Error(`price ${id} has no product`);
  return productId;
}
