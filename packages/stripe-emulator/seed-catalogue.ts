import { buildPrice, buildProduct, every } from "./objects/build-catalogue.ts";
import type { EmulatorState } from "./state.ts";

const PRODUCTS = [
  buildProduct({
    id: "prod_parley_pro",
    name: "Pro",
    description: "For people who talk every day.",
    metadata: { plan: "pro" },
    default_price: "price_parley_pro_monthly",
  }),
  buildProduct({
    id: "prod_parley_enterprise",
    name: "Enterprise",
    description: "For teams.",
    metadata: { plan: "enterprise" },
    default_price: "price_parley_enterprise_monthly",
  }),
  buildProduct({
    id: "prod_parley_credits_100",
    name: "100 credits",
    description: "Credits beyond the plan.",
    metadata: { tokens: "100" },
    default_price: "price_parley_credits_100",
  }),
];

const PRICES = [
  buildPrice({
    id: "price_parley_pro_monthly",
    product: "prod_parley_pro",
    nickname: "Pro, monthly",
    unit_amount: 20_00,
    recurring: every("month"),
    metadata: { listed: "true" },
  }),
  buildPrice({
    id: "price_parley_pro_yearly",
    product: "prod_parley_pro",
    nickname: "Pro, yearly",
    unit_amount: 200_00,
    recurring: every("year"),
    metadata: { listed: "true", trial_days: "14" },
  }),
  buildPrice({
    id: "price_parley_enterprise_monthly",
    product: "prod_parley_enterprise",
    nickname: "Enterprise, monthly",
    unit_amount: 100_00,
    recurring: every("month"),
  }),
  buildPrice({
    id: "price_parley_credits_100",
    product: "prod_parley_credits_100",
    nickname: "100 credits",
    unit_amount: 10_00,
  }),
];

/**
 * Adds Parley's plans to a state, always with the same ids. Sends no events, because the catalogue counts as
 * older.
 */
export function seedCatalogue({ objects }: EmulatorState): void {
  for (const product of PRODUCTS) objects.product.set(product.id, product);
  for (const price of PRICES) objects.price.set(price.id, price);
}
