import { expect, test } from "vitest";
import { readStripeAccess } from "../../../functions/_shared/stripe/environment.ts";
import { deleteCustomer } from "../../../functions/_shared/stripe/delete-customer.ts";

test("a project without Stripe settings has no access to Stripe", () => {
  expect(readStripeAccess({})).toBeNull();
  expect(readStripeAccess({ STRIPE_SECRET_KEY: "", STRIPE_API_URL: "" })).toBeNull();
  expect(readStripeAccess({ STRIPE_SECRET_KEY: "sk_test_1" }))
    .toEqual({ STRIPE_SECRET_KEY: "sk_test_1", STRIPE_API_URL: "https://api.stripe.com" });
  expect(() => readStripeAccess({ STRIPE_API_URL: "nonsense" })).toThrow("STRIPE_API_URL");
});

test("without Stripe a customer cannot be deleted, so it stays in the outbox", async () => {
  await expect(deleteCustomer(null, "cus_1")).rejects.toMatchObject({
    name: "StripeNotConfigured",
  });
});
