import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { connect, MONTHLY } from "./start-test-emulator.ts";
import { SECRET, startReceiver } from "./events/webhook-receiver.ts";

const MAIN = path.join(import.meta.dirname, "main.ts");

describe("main", () => {
  it("prints its address in one line, sends events and ends cleanly on SIGTERM", async () => {
    const { url: webhook, types } = await startReceiver();
    const child = spawn(process.execPath, [MAIN], {
      env: {
        ...process.env,
        PARLEY_STRIPE_PORT: "0",
        PARLEY_STRIPE_WEBHOOK_URL: webhook,
        PARLEY_STRIPE_WEBHOOK_SECRET: SECRET,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    const output = createInterface(child.stdout).on("line", (line) => lines.push(line));
    await once(output, "line");
    expect(lines[0]).toMatch(/^stripe emulator ready on http:\/\/127\.0\.0\.1:\d+$/);
    const client = connect(lines[0]?.split(" ").at(-1) ?? "");
    expect(await client.prices.retrieve(MONTHLY)).toMatchObject({ unit_amount: 2000 });
    await client.customers.create({});
    await expect.poll(types).toEqual(["customer.created"]);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(lines).toHaveLength(1);
  });

  it("does not start with a webhook but no secret, and names the missing variable", async () => {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...process.env, PARLEY_STRIPE_PORT: "0", PARLEY_STRIPE_WEBHOOK_URL: "http://x.test" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [message, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
    expect(code).toBe(1);
    expect(message).toContain("PARLEY_STRIPE_WEBHOOK_SECRET");
  });
});
