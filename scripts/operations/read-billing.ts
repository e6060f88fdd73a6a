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
  /** Subscriptions to plans whose customer belongs to no user or organization. At most 20 of Stripe's ids. */
  unowned_plans: string[];
  /** The settings that Stripe has rejected in the last hour. */
  misconfigured: { cause: string; fix: string }[];
  /** Events of the last seven days: dropped ones are about objects that Stripe does not have. */
  events: { dropped: number; processed: number };
}

const CATALOGUE = `
  select product_id, price_id, name, key, value
  from private.catalogue_problems()
  order by product_id, price_id, key
`;

const DOUBLE_PLANS = `
  select user_id, subscription_ids from private.double_plans() order by user_id limit 20
`;

const UNOWNED_PLANS = `
  select p.id from private.unowned_plans() as p (id) order by p.id limit 20
`;

const MISCONFIGURED = `
  select cause, fix from private.stripe_problems where seen_at > now() - interval '1 hour' order by cause
`;

const EVENTS = `
  select count(*) filter (where status = 'dropped')::integer as dropped,
    count(*) filter (where status = 'processed')::integer as processed
  from public.stripe_events
  where received_at > now() - interval '7 days'
`;

/** Reads the state of billing from the database. */
export async function readBilling(client: pg.Client): Promise<BillingHealth> {
  return {
    catalogue: (await client.query(CATALOGUE)).rows,
    double_plans: (await client.query(DOUBLE_PLANS)).rows,
    unowned_plans: (await client.query<{ id: string }>(UNOWNED_PLANS)).rows.map(({ id }) => id),
    misconfigured: (await client.query(MISCONFIGURED)).rows,
    events: (await client.query(EVENTS)).rows[0],
  };
}

/** Lists the problems of billing, one sentence each. */
export function findBillingProblems(billing: BillingHealth): string[] {
  const { catalogue, double_plans, unowned_plans, misconfigured, events } = billing;
  return [
    ...misconfigured.map(({ cause, fix }) =>
      `Stripe rejects the settings of this service (${cause}). ${fix}`
    ),
    ...events.dropped > events.processed
      ? [
        `Stripe did not have the objects of ${events.dropped} events: check that STRIPE_SECRET_KEY ` +
        "and the webhook endpoint belong to the same account",
      ]
      : [],
    ...catalogue.map(({ product_id, price_id, name, key, value }) =>
      `the ${price_id ? `price ${price_id} of` : "product"} ${name} (${product_id}) is not sold: ` +
      `its metadata ${key} cannot be ${JSON.stringify(value)}`
    ),
    ...double_plans.map(({ user_id, subscription_ids }) =>
      `the user ${user_id} pays for more than one plan: cancel all but one of ` +
      `${subscription_ids.join(", ")} at Stripe`
    ),
    ...unowned_plans.map((id) =>
      `the subscription ${id} charges, but its customer belongs to nobody here, so it gives no plan: cancel and ` +
      "refund it at Stripe"
    ),
  ];
}
