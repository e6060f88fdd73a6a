import { expect, it } from "vitest";
import { createPayer, MONTHLY, refer, startEmulator, subscribe } from "../start-test-emulator.ts";

const BACK = "https://app.example.com/plans";
const ENTERPRISE = "price_parley_enterprise_monthly";

async function openPortal() {
  const { client } = await startEmulator();
  const { id, customer, items } = await subscribe(client);
  const open = (flow_data?: Parameters<typeof client.billingPortal.sessions.create>[0]) =>
    client.billingPortal.sessions.create({
      customer: refer(customer),
      return_url: BACK,
      ...flow_data,
    });
  const submit = (url: string, form: Record<string, string> = {}) =>
    fetch(url, { method: "POST", body: new URLSearchParams(form), redirect: "manual" });
  const read = () => client.subscriptions.retrieve(id);
  return { client, id, item: items.data[0]?.id ?? "", open, submit, read };
}

it("changes a subscription to the price that the flow names", async () => {
  const { id, item, open, submit, read } = await openPortal();
  const { url, flow } = await open({
    flow_data: {
      type: "subscription_update_confirm",
      subscription_update_confirm: {
        subscription: id,
        items: [{ id: item, price: ENTERPRISE, quantity: 1 }],
      },
      after_completion: { type: "redirect", redirect: { return_url: `${BACK}?done` } },
    },
  });
  expect(flow).toMatchObject({ type: "subscription_update_confirm" });
  expect(await (await fetch(url)).text()).toContain(ENTERPRISE);
  expect((await submit(url)).headers.get("location")).toBe(`${BACK}?done`);
  expect((await read()).items.data).toMatchObject([{ id: item, price: { id: ENTERPRISE } }]);
});

it("lets the customer change and cancel on its overview", async () => {
  const { id, open, submit, read } = await openPortal();
  const { url } = await open();
  expect(await (await fetch(url)).text()).toContain(ENTERPRISE);
  await submit(url, { flow: "subscription_update", subscription: id, price: ENTERPRISE });
  await submit(url, { flow: "subscription_cancel", subscription: id });
  expect(await read()).toMatchObject({
    cancel_at_period_end: true,
    items: { data: [{ price: { id: ENTERPRISE } }] },
  });
});

it("refuses a flow that does not fit the customer or the subscription", async () => {
  const { client, id, item, open } = await openPortal();
  const stranger = await createPayer(client);
  const cancel = { type: "subscription_cancel", subscription_cancel: { subscription: id } };
  await expect(open({ customer: stranger.id, flow_data: cancel })).rejects.toMatchObject({
    code: "resource_missing",
  });
  const unchanged = { subscription: id, items: [{ id: item, price: MONTHLY }] };
  await expect(open({
    flow_data: { type: "subscription_update_confirm", subscription_update_confirm: unchanged },
  })).rejects.toThrow("at least one change");
  await client.subscriptions.cancel(id);
  await expect(open({ flow_data: cancel })).rejects.toThrow("canceled");
});
