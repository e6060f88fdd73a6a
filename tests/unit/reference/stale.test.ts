import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../../local/stack/settings.ts";
import { findStale } from "../../../scripts/reference/generate.ts";

const folder = path.join(REPOSITORY, "docs/reference");

async function readWritten(): Promise<Map<string, string>> {
  const files = await readdir(folder);
  return new Map(
    await Promise.all(
      files.map(async (file): Promise<[string, string]> => [
        file,
        await readFile(path.join(folder, file), "utf8"),
      ]),
    ),
  );
}

test("an unchanged generated page is not stale", async () => {
  expect(await findStale(await readWritten())).toEqual([]);
});

test("a page that differs, is missing or does not belong there is stale", async () => {
  const pages = await readWritten();
  pages.set("errors.md", "# Error codes\n");
  pages.set("new.md", "# New\n");
  pages.delete("rpcs.md");

  expect(await findStale(pages)).toEqual(["errors.md", "new.md", "rpcs.md"]);
});

test("every page names its generator", async () => {
  for (const [file, text] of await readWritten()) {
    expect(text.slice(0, 600), file).toContain("npm run docs");
  }
});
