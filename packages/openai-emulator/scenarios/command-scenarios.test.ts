import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { startEmulator } from "../start-test-emulator.ts";
import { SCENARIOS } from "./all-scenarios.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };

describe("a scenario", () => {
  it.each([
    [{ scenario: "earthquake" }, "scenario", ""],
    [{ scenario: "silence", seconds: 1 }, "seconds", "the scenario does not take it"],
    [{ after: "text" }, "after", "the scenario does not take it"],
    [{ scenario: "rate_limited_for" }, "seconds", "the scenario needs it"],
    [{ scenario: "error_event", variant: "x" }, "variant", "the scenario has nested, flat"],
    [{ scenario: "silence", after: "lunch" }, "after", ""],
    [{ scenario: "silence", times: 0 }, "times", ""],
  ])("%o is refused", async (behaviour, param, message) => {
    const { control } = await startEmulator();
    const reply = await control("PUT", "/behaviour", behaviour);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      error: { param, message: expect.stringContaining(message) },
    });
  });

  it("changes `times` requests, and begins to count when it is commanded again", async () => {
    const { client, behave } = await startEmulator();
    const isRefused = () => client.responses.create(QUESTION).then(() => false, () => true);
    for (let round = 0; round < 2; round++) {
      await behave({ scenario: "model_not_found", times: 2 });
      expect([await isRefused(), await isRefused(), await isRefused()]).toEqual([
        true,
        true,
        false,
      ]);
    }
    await behave({ scenario: "model_not_found" });
    expect([await isRefused(), await isRefused()]).toEqual([true, true]);
    await behave({});
    expect(await isRefused()).toBe(false);
  });

  it("goes together with the other fields of the behaviour", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "filtered", reply: "one two", ttft_ms: 1 });
    expect(await client.responses.create(QUESTION))
      .toMatchObject({ status: "incomplete", output_text: "one" });
  });
});

describe("README", () => {
  it("lists each scenario with its parameters, its forms and its source", async () => {
    const readme = await readFile(path.join(import.meta.dirname, "../README.md"), "utf8");
    const rows = readme.matchAll(/^\| `(\w+)` +\| (.*?) +\| .* \| \[.*\]\((.*)\) +\|$/gm);
    const listed = Array.from(rows, ([, word, parameters, source]) => [word, parameters, source]);
    expect(listed.map(([word]) => word).toSorted()).toEqual(Object.keys(SCENARIOS).toSorted());
    for (const [word = "", { source, takes = [], variants = [] }] of Object.entries(SCENARIOS)) {
      const [, parameters, link] = listed.find(([name]) => name === word) ?? [];
      expect(link, word).toBe(source);
      for (const name of takes) expect(parameters, word).toContain(`\`${name}\``);
      for (const name of variants) expect(parameters, word).toContain(`\`${name}\``);
    }
  });
});
