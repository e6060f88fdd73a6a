import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";

const CHECKS = 31;

/** Returns the numbered checks of the list. */
async function readChecks(): Promise<string[]> {
  const list = await readFile(path.join(REPOSITORY, "tests/README.md"), "utf8");
  return list.split(/^(?=\d+\. \*\*)/m).slice(1).map((text) => text.replace(/\s+/g, " "));
}

test("every check names its tests", async () => {
  const checks = await readChecks();

  expect(checks.map((text) => Number.parseInt(text))).toEqual(
    Array.from({ length: CHECKS }, (_, index) => index + 1),
  );
  for (const text of checks) expect(text).toMatch(/ - .*(\]\(|`)/);
});

test("the files and tests that the list names exist", async () => {
  for (const text of await readChecks()) {
    for (
      const [, file = "", titles = ""] of text.matchAll(
        /\]\(([^)]+)\)(?:: ((?:"[^"]+"(?:, )?)+))?/g,
      )
    ) {
      const target = path.join(REPOSITORY, "tests", file);
      const content = await readFile(target, "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "EISDIR") return "";
        throw error;
      });
      for (const [title] of titles.matchAll(/"[^"]+"/g)) expect(content).toContain(title);
    }
  }
});
