import type pg from "pg";

/** The parts of billing that an operator must repair. */
export interface BillingHealth {
  /** The metadata at Stripe that Parley cannot use. Such a product or price is not sold. */
  catalogue: {
    product_id: string;
    price_id: string | null;
    name: string;
    key: string;
    value: string;
  }[];
  /** Users who pay for more than one plan, with Stripe's ids of their subscriptions. */
  double_plans: { user_id: string; subscription_ids: string[] }[];
}

const CATALOGUE = `
  select product_id, price_id, name, key, value
  from private.catalogue_problems()
  order by product_id, price_id, key
`;

const DOUBLE_PLANS = `
  select user_id, subscription_ids from private.double_plans() order by user_id limit 20
`;

/** Reads the state of billing from the database. */
export async function readBilling(client: pg.Client): Promise<BillingHealth> {
  return {
    catalogue: (await client.query(CATALOGUE)).rows,
    double_plans: (await client.query(DOUBLE_PLANS)).rows,
  };
}

/** Lists the problems of billing, one sentence each. */
export function findBillingProblems({ catalogue, double_plans }: BillingHealth): string[] {
  return [
    ...catalogue.map(({ product_id, price_id, name, key, value }) =>
      `the ${price_id ? `price ${price_id} of` : "product"} ${name} (${product_id}) is not sold: ` +
      `its metadata ${key} cannot be ${JSON.stringify(value)}`
    ),
    ...double_plans.map(({ user_id, subscription_ids }) =>
      `the user ${user_id} pays for more than one plan: cancel all but one of ` +
      `${subscription_ids.join(", ")} at Stripe`
    ),
  ];
}
