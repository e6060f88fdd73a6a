import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";
import { checkFunctions, checkHealth } from "../../../scripts/deploy/check-project.ts";

/** Serves functions that answer with these statuses, each in turn. The last one stays. */
async function serve(statuses: Record<string, number[]>): Promise<string> {
  const app = new Hono().get("/:name", (c) => {
    const left = statuses[c.req.param("name")] ?? [404];
    const status = (left.length > 1 ? left.shift() : left[0]) ?? 404;
    const reply = { status: "ok", database: "ok", schema_version: "1", release: "0.1.0" };
    return Response.json(status === 200 ? reply : { code: "BOOT_ERROR" }, { status });
  });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  onTestFinished(() => closeServer(server));
  return await listen(server, 0);
}

test("a project may take a moment to serve new functions", async () => {
  const url = await serve({ health: [404, 200], chat: [503, 405] });

  expect(await checkHealth(url)).toMatchObject({ release: "0.1.0" });
  await checkFunctions(url, ["chat"], { withStripe: false });
});

test("a function that does not start is named", async () => {
  const url = await serve({ health: [503], chat: [405], files: [503], billing: [503] });

  await expect(checkHealth(url, 0)).rejects.toThrow(/health answered 503: .*BOOT_ERROR/);
  await expect(checkFunctions(url, ["chat", "files"], { withStripe: true, retries: 0 }))
    .rejects.toThrow(/The function files does not start: it answered 503/);
});

test("billing may not start without the settings of Stripe", async () => {
  const url = await serve({ billing: [503], "stripe-webhook": [503], chat: [405] });
  const names = ["billing", "chat", "stripe-webhook"];

  await checkFunctions(url, names, { withStripe: false, retries: 0 });
  await expect(checkFunctions(url, names, { withStripe: true, retries: 0 })).rejects.toThrow();
});
