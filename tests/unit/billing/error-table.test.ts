import { readFile } from "node:fs/promises";
import Stripe from "stripe";
import { expect, test } from "vitest";
import { BY_CODE } from "../../../functions/_shared/stripe/error-codes.ts";
import {
  describeMisconfiguration,
  type ErrorFacts,
  findRule,
  readRule,
} from "../../../functions/_shared/stripe/error-table.ts";

/** Reads the codes from the types of the pinned package: they exist in no value. */
async function listCodes(resource: string): Promise<string[]> {
  const path = `../../../node_modules/stripe/esm/resources/${resource}.d.ts`;
  const text = await readFile(new URL(path, import.meta.url), "utf8");
  const [union = ""] = /type Code = 'account_closed'[^;]*/.exec(text) ?? [];
  return [...union.matchAll(/'(\w+)'/g)].flatMap(([, code]) => code ?? []);
}

test.for(["PaymentIntents", "SetupIntents", "SetupAttempts", "Invoices"])(
  "every error code of the stripe package has a class: %s",
  async (resource) => {
    const codes = await listCodes(resource);
    expect(codes.length).toBeGreaterThan(200);
    expect(codes.filter((code) => !Object.hasOwn(BY_CODE, code))).toEqual([]);
  },
);

const cases: [facts: ErrorFacts, owner: string, cause?: string][] = [
  [
    { statusCode: 401, message: "Invalid API Key provided: sk_test_****" },
    "operator",
    "key_rejected",
  ],
  [{ statusCode: 401, code: "api_key_expired" }, "operator", "key_rejected"],
  [
    {
      statusCode: 403,
      message:
        "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account.",
    },
    "operator",
    "permission_missing",
  ],
  [
    {
      statusCode: 400,
      message:
        "No configuration provided and your test mode default configuration has not been created. Provide a " +
        "configuration or create your default by saving your customer portal settings in test mode.",
    },
    "operator",
    "portal_not_configured",
  ],
  [
    {
      statusCode: 400,
      message:
        "This subscription cannot be updated because the subscription update feature in the portal " +
        "configuration is disabled.",
    },
    "operator",
    "portal_not_configured",
  ],
  [
    {
      statusCode: 404,
      code: "resource_missing",
      message:
        "No such price: 'price_1'; a similar object exists in live mode, but a test mode key was used.",
    },
    "operator",
    "wrong_mode",
  ],
  [{ statusCode: 400, code: "stripe_tax_inactive" }, "operator", "tax_not_configured"],
  [
    {
      statusCode: 400,
      message:
        "You cannot combine currencies on a single customer. This customer has an active subscription, " +
        "subscription schedule, discount, quote, or invoice item with currency eur.",
    },
    "currency",
  ],
  [{ statusCode: 400, code: "resource_missing", message: "No such customer: 'cus_1'" }, "customer"],
  [{ statusCode: 404, code: "resource_missing", message: "No such invoice: 'in_1'" }, "gone"],
  [{ statusCode: 400, code: "price_inactive" }, "unsold"],
  [{ statusCode: 402, code: "card_declined" }, "payer"],
  [{ statusCode: 402, code: "a_new_code" }, "payer"],
  [{ statusCode: 429, code: "rate_limit" }, "stripe"],
  [{ statusCode: 400, code: "lock_timeout" }, "stripe"],
  [{ statusCode: 503 }, "stripe"],
  [{}, "stripe"],
  [{ statusCode: 400, code: "parameter_unknown" }, "parley"],
  [{ statusCode: 400, code: "a_new_code" }, "parley"],
];

test.for(cases)("%o is the problem of %s", ([facts, owner, cause]) => {
  const rule = findRule(facts);
  expect(rule.owner).toBe(owner);
  expect("cause" in rule ? rule.cause : undefined).toBe(cause);
});

test("only errors of Stripe have a row, and the fix says nothing of Stripe's text", () => {
  const error = Stripe.errors.StripeError.generate({
    type: "invalid_request_error",
    statusCode: 401,
    message: "Invalid API Key provided: sk_test_secret",
  });
  expect(describeMisconfiguration(error)?.fix).toMatch(/^Set STRIPE_SECRET_KEY/);
  expect(describeMisconfiguration(new Error("401"))).toBeNull();
  expect(readRule({ statusCode: 404 })).toBeNull();
});
