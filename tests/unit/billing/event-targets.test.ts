import { expect, test } from "vitest";
import { readPayer, readTargets } from "../../../functions/stripe-webhook/event-targets.ts";

test.for(
  [
    ["customer.updated", { id: "cus_1" }, [{ kind: "customer", id: "cus_1" }]],
    ["customer.subscription.updated", { id: "sub_1" }, [{ kind: "subscription", id: "sub_1" }]],
    ["subscription_schedule.released", { released_subscription: "sub_1", subscription: null }, [
      { kind: "subscription", id: "sub_1" },
    ]],
    ["invoice.payment_failed", { id: "in_1", charge: "ch_1" }, [{ kind: "invoice", id: "in_1" }]],
    ["invoice.upcoming", {}, null],
    ["charge.refunded", { id: "ch_1", payment_intent: { id: "pi_1" } }, [
      { kind: "payment_intent", id: "pi_1" },
    ]],
    ["charge.refund.updated", { id: "re_1", charge: "ch_1", payment_intent: null }, [
      { kind: "charge", id: "ch_1" },
    ]],
    ["charge.dispute.created", { id: "du_1", charge: "ch_1" }, [{ kind: "charge", id: "ch_1" }]],
    ["price.deleted", { id: "price_1", product: "prod_1" }, [
      { kind: "price", id: "price_1", deleted: { product: "prod_1" } },
    ]],
    ["checkout.session.completed", { id: "cs_1", subscription: "sub_1" }, [
      { kind: "checkout", id: "cs_1" },
    ]],
    ["payout.paid", { id: "po_1" }, null],
    ["customer.source.created", { id: "card_1", customer: "cus_1" }, null],
    ["product.updated", "not an object", null],
  ] as const,
)("%s", ([type, object, targets]) => {
  expect(readTargets(type, object)).toEqual(targets);
});

test.for(
  [
    ["customer.updated", { id: "cus_1" }, "cus_1"],
    ["customer.subscription.updated", { id: "sub_1", customer: "cus_1" }, "cus_1"],
    ["invoice.paid", { id: "in_1", customer: { id: "cus_1" } }, "cus_1"],
    ["invoice_payment.paid", { id: "inpay_1", invoice: "in_1" }, "in_1"],
    ["charge.refunded", { id: "ch_1", customer: null, payment_intent: "pi_1" }, "pi_1"],
    ["price.updated", { id: "price_1", product: "prod_1" }, "prod_1"],
    ["product.updated", { id: "prod_1" }, "prod_1"],
    ["subscription_schedule.canceled", { id: "sub_sched_1", subscription: null }, "evt_1"],
    ["product.updated", "not an object", "evt_1"],
  ] as const,
)("%s waits with the events of its payer", ([type, object, payer]) => {
  expect(readPayer(type, object, "evt_1")).toBe(payer);
});
