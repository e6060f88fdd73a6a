import { serve } from "@hono/node-server";
import { once } from "node:events";
import { Hono } from "hono";
import type { TestProject } from "vitest/node";
import { StackHost } from "./stack-host.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The address where workers ask for stacks. */
    stackHost: string;
    /** A directory for files that outlive a test file. */
    runDir: string;
  }
}

/** Offers stacks to the workers of the test run. Each starts when its worker first asks for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const host = await StackHost.open();
  const app = new Hono();
  app.get("/stacks/:worker", async (c) => c.json(await host.stack(Number(c.req.param("worker")))));
  app.get("/stacks", async (c) => c.json(await host.stacks()));
  app.get("/template", async (c) => c.json(await host.template()));
  app.onError((error, c) => c.text(error.stack ?? error.message, 500));
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : address;
  project.provide("stackHost", `http://127.0.0.1:${port}`);
  project.provide("runDir", host.directory);
  return async () => {
    const closed = once(server, "close");
    server.close();
    if ("closeAllConnections" in server) server.closeAllConnections();
    await closed;
    await host[Symbol.asyncDispose]();
  };
}
