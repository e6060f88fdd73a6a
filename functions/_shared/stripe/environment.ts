import * as z from "zod";
import { blankIsUnset, parseEnvironment } from "../http/environment.ts";
import { STRIPE_URL, type StripeAccess } from "./client.ts";

const ApiUrl = z.preprocess(blankIsUnset, z.url().default(STRIPE_URL));
const Rate = z.preprocess(blankIsUnset, z.coerce.number().int().positive().optional());

/** The variables of functions that use Stripe. */
export const BillingEnvironment = z.object({
  STRIPE_SECRET_KEY: z.string().min(1),
  STRIPE_WEBHOOK_SECRET: z.string().min(1),
  STRIPE_API_URL: ApiUrl,
  STRIPE_REQUESTS_PER_SECOND: Rate,
  PARLEY_ALLOWED_ORIGINS: z.string().default(""),
});

/** The settings of functions that use Stripe. */
export type BillingEnvironment = z.infer<typeof BillingEnvironment>;

/** Parses the settings of billing. Throws as `parseEnvironment` does. */
export function readBillingEnvironment(values: Record<string, string>): BillingEnvironment {
  return parseEnvironment(BillingEnvironment, values);
}

const OptionalAccess = z.object({
  STRIPE_SECRET_KEY: z.preprocess(blankIsUnset, z.string().optional()),
  STRIPE_API_URL: ApiUrl,
  STRIPE_REQUESTS_PER_SECOND: Rate,
});

/**
 * Reads the access to Stripe of functions that also work without Stripe. Returns null without a key. Throws as
 * `parseEnvironment` does.
 */
export function readStripeAccess(values: Record<string, string>): StripeAccess | null {
  const { STRIPE_SECRET_KEY, ...access } = parseEnvironment(OptionalAccess, values);
  return STRIPE_SECRET_KEY === undefined ? null : { STRIPE_SECRET_KEY, ...access };
}
