import { buildPrice, every } from "@parley/stripe-emulator/objects/build-catalogue.ts";
import { buildSubscription } from "@parley/stripe-emulator/subscriptions/build-subscription.ts";
import { expect, test } from "vitest";
import { mapSubscription } from "../../../functions/_shared/stripe/map-subscription.ts";

const facts = { pastDueAt: null, paidUntil: null };

/** Maps a subscription with an item of each price and quantity. */
function mapItems(items: [unitAmount: number, quantity: number][]) {
  const prices = items.map(([unit_amount, quantity]) => ({
    price: buildPrice({ product: "prod_1", unit_amount, recurring: every("month") }),
    quantity,
  }));
  const plan = { customerId: "cus_1", items: prices, trialEnd: null };
  return mapSubscription(buildSubscription(plan), facts).fields;
}

test("the amount is the sum over all items", () => {
  expect(mapItems([[2_000, 1], [500, 5], [700, 0]])).toMatchObject({
    amount: 4_500,
    quantity: 5,
    items: expect.arrayContaining([expect.objectContaining({ quantity: 0 })]),
  });
});

test("an amount that no number holds exactly is unknown", () => {
  expect(mapItems([[2_000, 1], [99_999_999, 999_999_999_999]])).toMatchObject({ amount: null });
});
