import { describe, expect, it } from "vitest";
import { checkOut, CREDITS, refer, startEmulator } from "../start-test-emulator.ts";

async function startWithCharge() {
  const emulator = await startEmulator();
  const session = await checkOut(emulator, {
    mode: "payment",
    line_items: [{ price: CREDITS, quantity: 1 }],
  });
  const intent = refer(session.payment_intent);
  const { data: [charge] } = await emulator.client.charges.list({ payment_intent: intent });
  await emulator.settledTypes();
  emulator.webhook.events.length = 0;
  return { ...emulator, intent, charge: refer(charge) };
}

describe("a refund", () => {
  it("returns a part, then the rest, and no more", async () => {
    const { client, intent, charge, settledTypes } = await startWithCharge();
    const refund = await client.refunds.create({
      payment_intent: intent,
      amount: 400,
      reason: "requested_by_customer",
      expand: ["charge", "balance_transaction"],
    });
    expect(refund).toMatchObject({
      object: "refund",
      status: "succeeded",
      amount: 400,
      payment_intent: intent,
      charge: { id: charge, amount_refunded: 400, refunded: false },
      balance_transaction: { amount: -400, type: "refund" },
    });
    await expect(client.refunds.create({ charge, amount: 601 }))
      .rejects.toThrow("Refund amount ($6.01) is greater than unrefunded amount on charge ($6.00)");
    await client.refunds.create({ charge });
    expect(await client.charges.retrieve(charge, { expand: ["refunds"] })).toMatchObject({
      amount_refunded: 1000,
      refunded: true,
      refunds: { data: [{ amount: 600 }, { amount: 400 }] },
    });
    await expect(client.refunds.create({ charge }))
      .rejects.toMatchObject({ code: "charge_already_refunded" });
    expect((await client.refunds.list({ payment_intent: intent })).data).toHaveLength(2);
    expect((await client.refunds.list({ charge: "ch_x" })).data).toHaveLength(0);
    expect(await client.refunds.retrieve(refund.id)).toMatchObject({ amount: 400 });
    expect(await settledTypes())
      .toEqual(["refund.created", "charge.refunded", "refund.created", "charge.refunded"]);
  });

  it("needs a paid charge", async () => {
    const { client } = await startWithCharge();
    await expect(client.refunds.create({})).rejects.toThrow("payment_intent or charge");
    await expect(client.refunds.create({ charge: "ch_x" }))
      .rejects.toMatchObject({ code: "resource_missing", param: "charge" });
  });

  it("can fail later", async () => {
    const { client, charge, control, settledTypes } = await startWithCharge();
    const { id } = await client.refunds.create({ charge });
    await control("POST", "/objects", { object: "refund", id, status: "failed" });
    expect(await client.refunds.retrieve(id)).toMatchObject({ status: "failed" });
    expect((await settledTypes()).at(-1)).toBe("refund.failed");
  });
});

describe("a dispute", () => {
  it("is opened by a command and takes the money", async () => {
    const { client, control, intent, charge, settledTypes, webhook } = await startWithCharge();
    await control("POST", "/objects", {
      object: "dispute",
      charge,
      reason: "product_not_received",
    });
    const { data: [dispute] } = await client.disputes.list({ payment_intent: intent });
    expect(dispute).toMatchObject({
      charge,
      amount: 1000,
      reason: "product_not_received",
      status: "needs_response",
      balance_transactions: [{ amount: -1000, type: "adjustment" }],
    });
    expect(await client.charges.retrieve(charge)).toMatchObject({ disputed: true });
    expect(await settledTypes()).toEqual([
      "charge.dispute.created",
      "charge.updated",
      "charge.dispute.funds_withdrawn",
    ]);
    expect(webhook.events[1]?.data.previous_attributes).toEqual({ disputed: false });
    await expect(client.refunds.create({ charge }))
      .rejects.toMatchObject({ code: "charge_disputed" });
  });

  it.each([
    ["winning_evidence", "won", ["charge.dispute.closed", "charge.dispute.funds_reinstated"]],
    ["losing_evidence", "lost", ["charge.dispute.updated", "charge.dispute.closed"]],
  ])("ends with %s as %s", async (uncategorized_text, status, lastTypes) => {
    const { client, control, charge, settledTypes } = await startWithCharge();
    await control("POST", "/objects", { object: "dispute", charge });
    const { data: [dispute] } = await client.disputes.list();
    const evidence = { uncategorized_text };
    expect(await client.disputes.update(refer(dispute), { evidence, submit: false }))
      .toMatchObject({ status: "needs_response" });
    expect(await client.disputes.update(refer(dispute), { evidence })).toMatchObject({ status });
    expect((await settledTypes()).slice(-2)).toEqual(lastTypes);
    await expect(client.disputes.close(refer(dispute))).rejects.toThrow("already closed");
  });

  it("can be appealed after a loss", async () => {
    const { client, control, charge } = await startWithCharge();
    await control("POST", "/objects", { object: "dispute", charge });
    const { data: [dispute] } = await client.disputes.list();
    const id = refer(dispute);
    expect((await control("POST", `/disputes/${id}/appeal`)).status).toBe(400);
    await client.disputes.close(id);
    await control("POST", `/disputes/${id}/appeal`);
    expect(await client.disputes.retrieve(id)).toMatchObject({ status: "appeal_needs_response" });
    const evidence = { uncategorized_text: "More." };
    expect(await client.disputes.update(id, { evidence }))
      .toMatchObject({ status: "appeal_under_review" });
    const winning = { evidence: { uncategorized_text: "winning_evidence" } };
    expect(await client.disputes.update(id, winning)).toMatchObject({ status: "won" });
  });

  it("is lost without evidence", async () => {
    const { client, control, charge } = await startWithCharge();
    await control("POST", "/objects", { object: "dispute", charge });
    const { data: [dispute] } = await client.disputes.list();
    expect(await client.disputes.close(refer(dispute))).toMatchObject({ status: "lost" });
  });
});
