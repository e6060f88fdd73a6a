// `npm run check`: checks the code without running the product. Runs all steps, and fails if one of them has failed.
import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { styleText } from "node:util";
import { execa } from "execa";
import { supabaseCli } from "../local/migrations/migrations.ts";
import { startScratchDatabase } from "../local/postgres/scratch-database.ts";
import { REPOSITORY } from "../local/stack/settings.ts";
import { checkImports } from "./check-imports.ts";
import { checkLineLength } from "./check-line-length.ts";
import {
  checkBaseline,
  checkDrift,
  checkMigrationRules,
  checkRelease,
} from "./check-migrations.ts";
import { generateTypes } from "./generate-types.ts";
import { findStale, generateReference } from "./reference/generate.ts";

const SOURCES = [
  "functions",
  "types",
  "packages",
  "local",
  "scripts",
  "tests",
  "bench",
  "vitest.config.ts",
];
/** The Deno version of Supabase's edge runtime. */
const EDGE_RUNTIME_DENO = "deno@2.1.4";
const CONFIG = ["--config", "functions/deno.json"];

const CHECK_FUNCTIONS = ["check", "--node-modules-dir=manual", ...CONFIG, "functions"];

await using database = await startScratchDatabase();

const steps: [name: string, run: () => Promise<unknown>][] = [
  ["format", () => tool("deno", ["fmt", "--check", ...CONFIG, ...SOURCES])],
  ["lint", () => tool("deno", ["lint", ...CONFIG, ...SOURCES])],
  ["types (tsc)", () => tool("tsc", ["-p", "tsconfig.json"])],
  ["types (deno check)", () => tool("deno", CHECK_FUNCTIONS)],
  [`types (${EDGE_RUNTIME_DENO} check)`, checkOnEdgeRuntime],
  ["line length", () => checkLineLength("sql", "ts", "mjs", "md")],
  ["imports", () => checkImports(SOURCES)],
  ["nothing unused", () => tool("knip", ["--no-progress"])],
  ["client package", () => tool("tsdown", [], "packages/client")],
  ["versions", checkVersions],
  ["generated types", checkGeneratedTypes],
  ["generated reference", checkReference],
  ["baseline", () => checkBaseline()],
  ["migrations", () => checkMigrationRules(database)],
  ["drift", () => checkDrift(database)],
  ["release", () => checkRelease(database)],
  ["advisors", checkAdvisors],
];

let failed = 0;
for (const [name, run] of steps) {
  try {
    await run();
    console.log(`${styleText("green", "ok    ")} ${name}`);
  } catch (error) {
    failed += 1;
    console.log(
      `${styleText("red", "FAILED")} ${name}\n${error instanceof Error ? error.message : error}\n`,
    );
  }
}
process.exitCode = failed === 0 ? 0 : 1;

async function tool(command: string, args: string[], folder = "."): Promise<void> {
  const cwd = path.join(REPOSITORY, folder);
  const options = { preferLocal: true, localDir: REPOSITORY, env: { NO_COLOR: "1" } };
  await execa(command, args, { ...options, cwd });
}

/** Runs that version by `npm exec`: as a second dependency, it would conflict over `node_modules/.bin/deno`. */
async function checkOnEdgeRuntime(): Promise<void> {
  const entries = await Array.fromAsync(glob("functions/*/index.ts", { cwd: REPOSITORY }));
  const check = [...CHECK_FUNCTIONS.slice(0, -1), ...entries];
  await tool("npm", ["exec", "--yes", `--package=${EDGE_RUNTIME_DENO}`, "--", "deno", ...check]);
}

async function readJson(file: string): Promise<Record<string, Record<string, string>>> {
  return JSON.parse(await readFile(path.join(REPOSITORY, file), "utf8"));
}

/** Rejects unless the import map and package.json name the same versions, because Deno and Node run the same code. */
async function checkVersions(): Promise<void> {
  const { imports } = await readJson("functions/deno.json");
  const { devDependencies } = await readJson("package.json");
  const different = Object.values(imports ?? {}).filter((specifier) => {
    const [, name = "", version] = specifier.match(/^npm:\/?((?:@[^/]+\/)?[^@/]+)@([^/]+)/) ?? [];
    return devDependencies?.[name] !== version;
  });
  if (different.length > 0) {
    throw new Error(`versions that differ from package.json: ${different.join(", ")}`);
  }
}

async function checkGeneratedTypes(): Promise<void> {
  for (const [file, text] of await generateTypes(database.url("postgres"))) {
    if (await readFile(path.join(REPOSITORY, file), "utf8") !== text) {
      throw new Error(`${file} differs from the schema: run \`npm run db:types\``);
    }
  }
}

async function checkReference(): Promise<void> {
  const stale = await findStale(await generateReference(database.url("postgres")));
  if (stale.length > 0) {
    throw new Error(`docs/reference/ is stale (${stale.join(", ")}): run \`npm run docs\``);
  }
}

async function checkAdvisors(): Promise<void> {
  const target = `--remote=${database.url("postgres")}`;
  await supabaseCli([
    "db",
    "advisors",
    target,
    "--type",
    "all",
    "--level",
    "warn",
    "--fail-on",
    "warn",
  ]);
}
