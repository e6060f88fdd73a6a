import { describe, expect, it } from "vitest";
import { startEmulator } from "../start-test-emulator.ts";

async function startWithCustomers(count: number) {
  const emulator = await startEmulator();
  const ids: string[] = [];
  for (let index = 0; index < count; index++) {
    ids.unshift((await emulator.client.customers.create({ name: `c${index}` })).id);
  }
  return { ...emulator, ids };
}

describe("a list", () => {
  it("comes in pages, newest first", async () => {
    const { client, ids } = await startWithCustomers(5);
    const first = await client.customers.list({ limit: 2 });
    expect(first).toMatchObject({ object: "list", has_more: true, url: "/v1/customers" });
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const last = await client.customers.list({ limit: 2, starting_after: ids[2] });
    expect(last.has_more).toBe(false);
    expect(last.data.map(({ id }) => id)).toEqual(ids.slice(3));
  });

  it("goes backwards", async () => {
    const { client, ids } = await startWithCustomers(5);
    const page = await client.customers.list({ limit: 2, ending_before: ids[4] });
    expect(page.data.map(({ id }) => id)).toEqual(ids.slice(2, 4));
    expect(page.has_more).toBe(true);
    const rest = await client.customers.list({ limit: 2, ending_before: ids[2] });
    expect(rest.has_more).toBe(false);
  });

  it("is read completely by the client's own paging, in both directions", async () => {
    const { client, ids } = await startWithCustomers(7);
    const forward = await Array.fromAsync(client.customers.list({ limit: 3 }));
    expect(forward.map(({ id }) => id)).toEqual(ids);
    const backward = await Array.fromAsync(
      client.customers.list({ limit: 2, ending_before: ids[6] }),
    );
    expect(backward.map(({ id }) => id)).toEqual(ids.slice(0, 6).toReversed());
  });

  it("refuses an unknown cursor and a limit that is too high", async () => {
    const { client } = await startWithCustomers(1);
    await expect(client.customers.list({ starting_after: "cus_x" }))
      .rejects.toMatchObject({ statusCode: 400, param: "starting_after" });
    await expect(client.customers.list({ limit: 101 }))
      .rejects.toMatchObject({ statusCode: 400, param: "limit" });
  });
});
