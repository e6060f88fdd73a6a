import { createServer, type ServerResponse } from "node:http";
import { afterAll, expect, test, vi } from "vitest";
import { createLimitedFetch } from "../../../functions/_shared/http/limited-fetch.ts";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";

const waiting: ServerResponse[] = [];
const server = createServer((_request, response) => void waiting.push(response));
const url = await listen(server, 0);
afterAll(() => closeServer(server));

test("a database request times out, and a Storage request may take longer", async () => {
  const limited = createLimitedFetch(500);

  const asked = limited(`${url}/storage/v1/object/a`);
  await expect(limited(`${url}/rest/v1/rpc/save_turn_ids`)).rejects.toThrow(/timeout/i);
  await vi.waitFor(() => expect(waiting).toHaveLength(2));

  for (const response of waiting) response.end("late");
  expect(await (await asked).text()).toBe("late");
});

test("the caller may abort earlier", async () => {
  const signal = AbortSignal.abort(new Error("gone"));
  await expect(createLimitedFetch(10_000)(`${url}/rest/v1/x`, { signal })).rejects.toThrow("gone");
});
