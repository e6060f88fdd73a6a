import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { serveStripeEmulator } from "./serve-emulator.ts";
import { MONTHLY, startEmulator, subscribe } from "./start-test-emulator.ts";

async function makeStateFile() {
  const folder = await mkdtemp(join(tmpdir(), "stripe-emulator-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return { folder, stateFile: join(folder, "state.json") };
}

describe("a state file", () => {
  it("restores every object unchanged", async () => {
    const { folder, stateFile } = await makeStateFile();
    const before = await startEmulator({ stateFile });
    const { id, customer } = await subscribe(before.client);
    await before.client.products.create({ name: "Mine" });
    const gone = await before.client.customers.create({});
    await before.client.customers.del(gone.id);
    await before.settledTypes();
    const objects = await before.objects();
    await before.close();
    expect(await readdir(folder)).toEqual(["state.json"]);

    const after = await startEmulator({ stateFile });
    expect(await after.objects()).toEqual(objects);
    expect(await after.client.customers.retrieve(gone.id)).toMatchObject({ deleted: true });
    expect(await after.settledTypes()).toEqual([]);
    expect((await after.client.events.list({ type: "customer.subscription.created" })).data)
      .toHaveLength(1);
    await after.advance(id);
    const items = [{ price: MONTHLY }];
    await after.client.subscriptions.create({ customer: String(customer), items });
    expect((await after.client.invoices.list()).data).toHaveLength(3);
  });

  it("restores open checkouts and idempotency keys", async () => {
    const { stateFile } = await makeStateFile();
    const before = await startEmulator({ stateFile });
    const key = { idempotencyKey: "key-1" };
    const { id } = await before.client.customers.create({}, key);
    const session = await before.client.checkout.sessions.create({
      mode: "subscription",
      customer: id,
      line_items: [{ price: MONTHLY, quantity: 1 }],
      success_url: "https://app.example.com",
    });
    await before.close();

    const { client, complete } = await startEmulator({ stateFile });
    expect(await client.customers.create({}, key)).toMatchObject({ id });
    await complete(session.id);
    expect((await client.subscriptions.list({ customer: id })).data).toHaveLength(1);
  });

  it("sends the events that were pending", async () => {
    const { stateFile } = await makeStateFile();
    const before = await startEmulator({ stateFile, retryDelaysMs: [60_000] });
    before.webhook.refuse(500);
    await before.client.customers.create({});
    await expect.poll(before.records).toMatchObject([{ attempts: 1, state: "pending" }]);
    await before.close();

    const after = await startEmulator({ stateFile });
    expect(await after.settledTypes()).toEqual(["customer.created"]);
  });

  it("is written soon after a change, not only at the end", async () => {
    const { folder, stateFile } = await makeStateFile();
    const { client } = await startEmulator({ stateFile });
    await client.customers.create({});
    await expect.poll(() => readdir(folder), { timeout: 3_000 }).toEqual(["state.json"]);
  });

  it("stops the start if it is invalid", async () => {
    const { stateFile } = await makeStateFile();
    await writeFile(stateFile, '{"version":0}');
    await expect(serveStripeEmulator({ port: 0, stateFile })).rejects.toThrow("version");
  });
});
