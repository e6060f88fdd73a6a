import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { newId } from "../new-id.ts";
import { addDays, nowInSeconds } from "../periods.ts";
import { settleFunds } from "./settle-funds.ts";
import { announce, insert, update, type Work } from "../work.ts";

/** Opens a dispute about a charge; its amount leaves the account at once. */
export function openDispute(
  work: Work,
  charge: Stripe.Charge,
  fields: Partial<Stripe.Dispute> = {},
): Stripe.Dispute {
  const dispute = insert(work, "dispute", buildDispute(charge, fields), "charge.dispute.created");
  const withdrawal = settleFunds(work, {
    amount: -dispute.amount,
    currency: dispute.currency,
    type: "adjustment",
    source: dispute.id,
    description: `Chargeback withdrawal for ${charge.id}`,
  });
  update(work, "charge", charge.id, { disputed: true }, "charge.updated");
  update(work, "dispute", dispute.id, { balance_transactions: [withdrawal] });
  return announce(work, "dispute", dispute.id, "charge.dispute.funds_withdrawn");
}

/** Opens the appeal of a lost dispute. The money stays away until the appeal is won. */
export function openAppeal(work: Work, id: string): Stripe.Dispute {
  if (findObject(work.state, "dispute", id).status !== "lost") {
    throw invalid("Only lost disputes can be appealed.");
  }
  return update(
    work,
    "dispute",
    id,
    { status: "appeal_needs_response" },
    "charge.dispute.updated",
  );
}

/** Closes a dispute; a won dispute returns the money. */
export function closeDispute(work: Work, id: string, status: "won" | "lost"): Stripe.Dispute {
  const dispute = findObject(work.state, "dispute", id);
  if (dispute.status === "won" || dispute.status === "lost") {
    throw invalid("This dispute is already closed.");
  }
  update(work, "dispute", id, { status }, "charge.dispute.closed");
  if (status === "lost") return findObject(work.state, "dispute", id);
  const returned = settleFunds(work, {
    amount: dispute.amount,
    currency: dispute.currency,
    type: "adjustment",
    source: id,
    description: `Chargeback reversal for ${idOf(dispute.charge)}`,
  });
  const balance_transactions = [...dispute.balance_transactions, returned];
  return update(
    work,
    "dispute",
    id,
    { balance_transactions },
    "charge.dispute.funds_reinstated",
  );
}

/**
 * Stores evidence. When evidence is submitted, the texts `winning_evidence` and `losing_evidence` decide the
 * dispute, as in Stripe's test mode (https://docs.stripe.com/testing#evidence).
 */
export function submitEvidence(
  work: Work,
  id: string,
  { text, submit }: { text?: string; submit: boolean },
): Stripe.Dispute {
  const { evidence, evidence_details, status } = findObject(work.state, "dispute", id);
  update(work, "dispute", id, {
    evidence: { ...evidence, uncategorized_text: text ?? evidence.uncategorized_text },
    evidence_details: {
      ...evidence_details,
      has_evidence: true,
      submission_count: evidence_details.submission_count + (submit ? 1 : 0),
    },
    ...submit &&
      { status: status.startsWith("appeal_") ? "appeal_under_review" : "under_review" },
  }, "charge.dispute.updated");
  if (submit && text === "winning_evidence") return closeDispute(work, id, "won");
  if (submit && text === "losing_evidence") return closeDispute(work, id, "lost");
  return findObject(work.state, "dispute", id);
}

function buildDispute(charge: Stripe.Charge, fields: Partial<Stripe.Dispute>): Stripe.Dispute {
  const created = nowInSeconds();
  return {
    id: newId("du"),
    object: "dispute",
    amount: charge.amount,
    balance_transactions: [],
    created,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: addDays(created, 7),
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: "not_submitted",
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_method_details: {
      card: {
        brand: "visa",
        case_type: "chargeback",
        network: "visa",
        network_reason_code: "10.4",
      },
      type: "card",
    },
    reason: "fraudulent",
    status: "needs_response",
    ...fields,
    charge: charge.id,
    payment_intent: idOf(charge.payment_intent),
  };
}

const NO_EVIDENCE: Stripe.Dispute.Evidence = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
};
