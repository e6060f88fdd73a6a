import { z } from "zod";

const blankIsUnset = (value: unknown) => value === "" ? undefined : value;

const BillingEnvironment = z.object({
  STRIPE_SECRET_KEY: z.string().min(1),
  STRIPE_WEBHOOK_SECRET: z.string().min(1),
  STRIPE_API_URL: z.preprocess(blankIsUnset, z.url().default("https://api.stripe.com")),
  PARLEY_ALLOWED_ORIGINS: z.string().default(""),
});

/** The settings of the functions that talk to Stripe. */
export type BillingEnvironment = z.infer<typeof BillingEnvironment>;

/** Parses the environment. Throws an Error that names each missing or wrong variable, and no value. */
export function readBillingEnvironment(values: Record<string, string>): BillingEnvironment {
  const parsed = BillingEnvironment.safeParse(values);
  if (parsed.success) return parsed.data;
  throw new Error(`Wrong environment:\n${z.prettifyError(parsed.error)}`);
}
