import Stripe from "stripe";
import { BY_CODE } from "./error-codes.ts";
import {
  BUSY,
  CURRENCY,
  CUSTOMER,
  type ErrorRule,
  FAILED,
  GONE,
  KEY,
  METHODS,
  MODE,
  type OperatorRule,
  PAYER,
  PERMISSION,
  PORTAL,
  REFUSED,
  UNSOLD,
} from "./error-rules.ts";

/** The properties of Stripe's error that the table reads. */
export interface ErrorFacts {
  code?: string;
  type?: string;
  param?: string;
  message?: string;
  statusCode?: number;
}

/**
 * Errors that have no code of their own.
 * - Currencies: https://github.com/lukevella/rallly/pull/3307 and
 *   https://github.com/Automattic/woocommerce-payments/issues/7732 (400).
 * - The portal: https://github.com/usebasejump/basejump/issues/101 and https://github.com/mozilla/fxa/issues/13245
 *   (400). A feature that is off: https://docs.stripe.com/customer-management/portal-deep-links
 * - Restricted keys: https://github.com/stripe/stripe-node/issues/2246 (403).
 * - The other mode: "a similar object exists in live mode, but a test mode key was used".
 */
const BY_MESSAGE: [pattern: RegExp, rule: ErrorRule][] = [
  [/combine currencies|does not match the customer currency/i, CURRENCY],
  [/portal settings|default configuration has not been created/i, PORTAL],
  [/portal configuration|in the portal/i, PORTAL],
  [/similar object exists in (?:live|test) mode/i, MODE],
  [/does not have (?:the )?required permissions/i, PERMISSION],
  [/no such customer/i, CUSTOMER],
  [/no valid payment method types/i, METHODS],
];

const CODES = new Map<string, ErrorRule>([
  ...Object.entries(BY_CODE),
  // Not in the list of the package, but sent: https://docs.stripe.com/api/checkout/sessions/create
  ["price_inactive", UNSOLD],
]);

const BY_STATUS = new Map<number, ErrorRule>([
  [401, KEY],
  [402, PAYER],
  [403, PERMISSION],
  [404, GONE],
  [409, BUSY],
  [429, BUSY],
]);

/** Returns the row of an error of Stripe. The message goes before the code, and the code before the status. */
export function findRule({ code = "", message = "", statusCode = 0 }: ErrorFacts): ErrorRule {
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ??
    CODES.get(code) ??
    BY_STATUS.get(statusCode) ??
    // Without a status, Stripe did not answer.
    (statusCode === 0 || statusCode >= 500 ? FAILED : REFUSED);
}

/** Returns the row of a thrown error, or null if it does not come from Stripe. */
export function readRule(error: unknown): ErrorRule | null {
  return error instanceof Stripe.errors.StripeError ? findRule(error) : null;
}

/**
 * Returns what the operator must change to end an error of Stripe, or null if the error is not the operator's. It
 * contains nothing of Stripe's text.
 */
export function describeMisconfiguration(error: unknown): OperatorRule | null {
  const rule = readRule(error);
  return rule?.owner === "operator" ? rule : null;
}
