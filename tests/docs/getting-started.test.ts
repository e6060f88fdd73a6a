// The samples of docs/getting-started.md, run in the order of the page by one shell.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { stateDir } from "../helpers/stack.ts";
import { findSamples, joinTypeScript, makeSampleFolder, readPage } from "./samples.ts";

/** The stack under test is running already, on its emulators. */
const STARTS = ["npm start\n", "OPENAI_API_KEY=sk-… npm start\n"];

const text = await readPage("docs/getting-started.md");
const steps = findSamples(text, "sh").filter((sample) => !STARTS.includes(sample));

/** Prints a line before each step, so that the output can be cut into theirs. */
const MARK = "════ step";

/** Runs all steps in one shell, and returns what each has printed. Throws when one fails. */
async function runSteps(): Promise<string[]> {
  await using folder = await makeSampleFolder();
  const program = path.join(folder.path, "first-chat.ts");
  await writeFile(program, joinTypeScript(text));
  const script = steps.map((step) => `echo "${MARK}"\n${step}`).join("\n")
    .replace("first-chat.ts", program);
  const { stdout } = await execa("bash", ["-euo", "pipefail", "-c", script], {
    cwd: REPOSITORY,
    preferLocal: true,
    env: { PARLEY_STATE_DIR: stateDir },
  });
  return stdout.split(`${MARK}\n`).slice(1);
}

/** Returns the types of a stream's events. */
function typesOf(stream = ""): (string | undefined)[] {
  return Array.from(stream.matchAll(/^data: \{"type":"([^"]+)"/gm), ([, type]) => type);
}

test("the page's samples do what the page says", async () => {
  expect(findSamples(text, "sh").length - steps.length).toBe(STARTS.length);

  const [demo, status, signUp, create, first, again, history, program] = await runSteps();

  expect(demo).toContain("Stored history");
  expect([status, signUp, create].map((output) => output?.trim())).toEqual(["", "", ""]);
  expect(first).toMatch(/"type":"text-delta"[\s\S]*"type":"finish"[\s\S]*data: \[DONE\]/);
  expect(again).toContain(first?.match(/"messageId":"[^"]+"/)?.[0]);
  expect(again?.match(/"type":"text-delta"/g)).toHaveLength(1);
  // The page shows the first events.
  const [shown = ""] = findSamples(text, "text");
  expect(typesOf(first).slice(0, 4)).toEqual(typesOf(shown));
  const rows: unknown = JSON.parse(history ?? "");
  expect(rows).toMatchObject([
    { seq: 2, sender: "assistant", status: "complete" },
    { seq: 1, sender: "user", content: "I want to run ten kilometres." },
  ]);
  expect(program).toMatch(/user: 1 parts\s+assistant: \d parts/);
});
