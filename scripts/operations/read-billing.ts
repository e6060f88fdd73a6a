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
}

const CATALOGUE = `
  select product_id, price_id, name, key, value
  from private.catalogue_problems()
  order by product_id, price_id, key
`;

/** Reads the state of billing from the database. */
export async function readBilling(client: pg.Client): Promise<BillingHealth> {
  return { catalogue: (await client.query(CATALOGUE)).rows };
}

/** Lists the problems of billing, one sentence each. */
export function findBillingProblems({ catalogue }: BillingHealth): string[] {
  return catalogue.map(({ product_id, price_id, name, key, value }) =>
    `the ${price_id ? `price ${price_id} of` : "product"} ${name} (${product_id}) is not sold: ` +
    `its metadata ${key} cannot be ${JSON.stringify(value)}`
  );
}
