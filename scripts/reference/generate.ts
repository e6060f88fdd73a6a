import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { withConnection } from "../../local/postgres/with-connection.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { readCatalogue } from "./catalogue.ts";
import { readCodeFiles } from "./code-errors.ts";
import { writeErrorsPage } from "./errors-page.ts";
import { writeFunctionsPage } from "./functions-page.ts";
import { readLimitValues, writeLimitsPage } from "./limits-page.ts";
import { writeOpenApi } from "./openapi.ts";
import { writeRpcsPage } from "./rpcs-page.ts";
import { writeSettingsPage } from "./settings-page.ts";
import { writeTablesPage } from "./tables-page.ts";

const FOLDER = path.join(REPOSITORY, "docs/reference");

/** Generates the reference from the database at `url`, `types/` and the code. Returns texts by file name. */
export async function generateReference(url: string): Promise<Map<string, string>> {
  const catalogue = await withConnection(url, readCatalogue);
  const limitValues = await withConnection(url, readLimitValues);
  return new Map([
    ["tables.md", writeTablesPage(catalogue)],
    ["rpcs.md", writeRpcsPage(catalogue)],
    ["functions.md", writeFunctionsPage()],
    ["openapi.json", writeOpenApi(catalogue)],
    ["errors.md", writeErrorsPage(catalogue, await readCodeFiles())],
    ["limits.md", writeLimitsPage(limitValues)],
    ["settings.md", writeSettingsPage()],
  ]);
}

/** Writes the reference into `docs/reference/`, and removes pages that are no longer generated. */
export async function writeReference(pages: Map<string, string>): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  for (const file of await readdir(FOLDER)) {
    if (!pages.has(file)) await rm(path.join(FOLDER, file));
  }
  for (const [file, text] of pages) await writeFile(path.join(FOLDER, file), text);
}

/** Returns the names of pages whose files differ, are missing, or are no longer generated. */
export async function findStale(pages: Map<string, string>): Promise<string[]> {
  const written = await readdir(FOLDER).catch(() => []);
  const names = new Set([...pages.keys(), ...written]);
  const stale: string[] = [];
  for (const name of names) {
    const text = await readFile(path.join(FOLDER, name), "utf8").catch(() => null);
    if (text !== pages.get(name)) stale.push(name);
  }
  return stale.sort();
}
