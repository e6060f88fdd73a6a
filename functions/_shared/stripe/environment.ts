import { z } from "zod";
import type { StripeAccess } from "./client.ts";

const blankIsUnset = (value: unknown) => value === "" ? undefined : value;

const ApiUrl = z.preprocess(blankIsUnset, z.url().default("https://api.stripe.com"));

/** The variables of functions that talk to Stripe. */
export const BillingEnvironment = z.object({
  STRIPE_SECRET_KEY: z.string().min(1),
  STRIPE_WEBHOOK_SECRET: z.string().min(1),
  STRIPE_API_URL: ApiUrl,
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

const OptionalAccess = z.object({
  STRIPE_SECRET_KEY: z.preprocess(blankIsUnset, z.string().optional()),
  STRIPE_API_URL: ApiUrl,
});

/** The access of functions that do without Stripe where nothing is sold: null without a key. Throws as above. */
export function readStripeAccess(values: Record<string, string>): StripeAccess | null {
  const parsed = OptionalAccess.safeParse(values);
  if (!parsed.success) throw new Error(`Wrong environment:\n${z.prettifyError(parsed.error)}`);
  const { STRIPE_SECRET_KEY, STRIPE_API_URL } = parsed.data;
  return STRIPE_SECRET_KEY === undefined ? null : { STRIPE_SECRET_KEY, STRIPE_API_URL };
}
