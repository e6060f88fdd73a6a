import { expect, test } from "vitest";
import { asPostgres } from "../../helpers/stack.ts";
import { command, eventsAbout, postEvent } from "../../helpers/stripe.ts";

const { id: customerId } = await command({ object: "customer" });
const [record] = await eventsAbout(customerId);
const known = record?.event ?? {};

async function rowsOf(eventId: string): Promise<number> {
  return (await asPostgres("select from stripe_events where id = $1", [eventId])).length;
}

test("an event with a valid signature is applied", async () => {
  const event = { ...known, id: "evt_good" };
  expect((await postEvent(event)).status).toBe(200);
  expect(await rowsOf("evt_good")).toBe(1);
});

test.for(
  [
    ["another secret", { secret: "whsec_other" }],
    ["an old signature", { timestamp: Math.floor(Date.now() / 1000) - 301 }],
    ["no signature", { header: "" }],
    ["no signature of a known scheme", { header: "t=1,v0=abc" }],
  ] as const,
)("%s is refused, and nothing is written", async ([name, signature]) => {
  const event = { ...known, id: `evt_${name}` };
  const response = await postEvent(event, signature);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "invalid_signature" });
  expect(await rowsOf(event.id)).toBe(0);
});

test("an event of live mode is refused with a key of test mode", async () => {
  const response = await postEvent({ ...known, id: "evt_live", livemode: true });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ code: "wrong_mode" });
  expect(await rowsOf("evt_live")).toBe(0);
});

test("an event type that Parley does not use is recorded as ignored", async () => {
  const response = await postEvent({ ...known, id: "evt_unused", type: "topup.created" });
  expect(await response.json()).toEqual({ status: "ignored" });
  const rows = await asPostgres("select status from stripe_events where id = 'evt_unused'");
  expect(rows).toEqual([{ status: "ignored" }]);
});
