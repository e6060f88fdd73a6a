// Follows the way by hand of docs/deploy.md, as far as that goes without an account.
import { readdir, symlink } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { scratchDirectory } from "../helpers/fake-programs.ts";
import { stack } from "../helpers/stack.ts";
import { serveManagementApi } from "./management-api.ts";

const PROJECT = "abcdefghijklmnopqrst";

/** Runs the Supabase CLI and returns its output on both streams. Rejects if it fails. */
async function supabase(...args: string[]): Promise<string> {
  const { all } = await execa("supabase", [...args, "--workdir", REPOSITORY], {
    preferLocal: true,
    localDir: REPOSITORY,
    all: true,
    stdin: "ignore",
    env: {
      NO_COLOR: "1",
      DO_NOT_TRACK: "1",
      SUPABASE_TELEMETRY_DISABLED: "1",
      SUPABASE_YES: "1",
      SUPABASE_ACCESS_TOKEN: `sbp_${"0".repeat(40)}`,
    },
  });
  return all;
}

async function folders(directory: string): Promise<string[]> {
  const entries = await readdir(path.join(REPOSITORY, directory), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith("_"))
    .map(({ name }) => name).sort();
}

/**
 * Loads modules on Deno and returns the type of each default export's `fetch`. Rejects if a module cannot be loaded.
 */
async function loadOnDeno(folder: string, modules: string[]): Promise<string[]> {
  const script = `
    const types = [];
    for (const file of Deno.args) types.push(typeof (await import(file)).default.fetch);
    console.log(JSON.stringify(types));
    Deno.exit();`;
  const config = path.join(folder, "health/functions/deno.json");
  const flags = ["--no-check", "--allow-all", "--node-modules-dir=manual", "--config", config];
  const { stdout } = await execa("deno", ["run", ...flags, "-", ...modules], {
    preferLocal: true,
    localDir: REPOSITORY,
    cwd: folder,
    input: script,
    env: {
      SUPABASE_URL: stack.API_URL,
      SUPABASE_PUBLISHABLE_KEYS: '{"default": "sb_publishable_none"}',
      SUPABASE_SECRET_KEYS: '{"default": "none"}',
      OPENAI_API_KEY: "sk-none",
      STRIPE_SECRET_KEY: "sk_test_none",
      STRIPE_WEBHOOK_SECRET: "whsec_none",
    },
  });
  return JSON.parse(stdout);
}

test("the CLI deploys every function with all its modules", { timeout: 120_000 }, async () => {
  const folder = await scratchDirectory();
  const api = await serveManagementApi(folder);

  const names = await folders("functions");
  const target = ["--use-api", `--remote=${PROJECT}`, "--profile", api.profile, "--yes"];
  const output = await supabase("functions", "deploy", ...target);

  expect(output).not.toMatch(/warn/i);
  const order = (one: { name: string }, other: { name: string }) => one.name < other.name ? -1 : 1;
  expect(api.deployed.sort(order)).toEqual(names.map((name) => ({
    name,
    entrypoint_path: `functions/${name}/index.ts`,
    import_map_path: "functions/deno.json",
    // Off, because the functions check their callers themselves.
    verify_jwt: false,
  })));
  await symlink(path.join(REPOSITORY, "node_modules"), path.join(folder, "node_modules"));
  await symlink(path.join(REPOSITORY, "package.json"), path.join(folder, "package.json"));
  const modules = names.map((name) => path.join(folder, name, "functions", name, "index.ts"));
  expect(await loadOnDeno(folder, modules)).toEqual(names.map(() => "function"));
});

test("the CLI reads config and migrations without a warning, and a second push finds nothing", async () => {
  const pushed = await supabase("db", "push", "--dry-run", `--remote=${stack.DB_URL}`);
  const listed = await supabase("migration", "list", `--remote=${stack.DB_URL}`);

  expect(pushed).toMatch(/up to date/i);
  expect(`${pushed}${listed}`).not.toMatch(/warn|deprecated|unknown/i);
  const files = await readdir(path.join(REPOSITORY, "supabase/migrations"));
  for (const file of files) expect(listed).toContain(file.split("_", 1)[0]);
});
