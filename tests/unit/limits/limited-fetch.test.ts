import { createServer } from "node:http";
import { afterAll, expect, test } from "vitest";
import { createLimitedFetch } from "../../../functions/_shared/limited-fetch.ts";
import { closeServer, listen } from "../../../local/emulator/listen.ts";

// What Storage is asked for comes after the database would have been given up.
const server = createServer((request, response) => {
  if (request.url?.startsWith("/storage/")) setTimeout(() => response.end("late"), 200);
});
const url = await listen(server, 0);
afterAll(() => closeServer(server));

test("a database that never answers is given up, Storage is waited for", async () => {
  const limited = createLimitedFetch(50);

  await expect(limited(`${url}/rest/v1/rpc/heartbeat_turn`)).rejects.toThrow(/timeout/i);
  const late = await limited(`${url}/storage/v1/object/a`);
  expect(await late.text()).toBe("late");
});

test("whoever calls may give up sooner", async () => {
  const signal = AbortSignal.abort(new Error("gone"));
  await expect(createLimitedFetch(10_000)(`${url}/rest/v1/x`, { signal })).rejects.toThrow("gone");
});
