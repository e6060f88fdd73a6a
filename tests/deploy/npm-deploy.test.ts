// `npm run deploy` as a whole: the Supabase CLI talks to a Management API on this machine, and the project is a stack.
import { readdir } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { SUPERUSER } from "../../local/postgres/names.ts";
import {
  type ScratchDatabase,
  startScratchDatabase,
} from "../../local/postgres/scratch-database.ts";
import { withConnection } from "../../local/postgres/with-connection.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { scratchDirectory } from "../helpers/fake-programs.ts";
import { runScript } from "../helpers/run-script.ts";
import { asPostgres, stack } from "../helpers/stack.ts";
import { type ManagementApi, serveManagementApi } from "./management-api.ts";

const OPENAI_KEY = "sk-proj-'quoted'-#1-$HOME";

/** No setting of the machine applies. */
const NOTHING = {
  DATABASE_URL: "",
  OPENAI_API_KEY: "",
  OPENAI_BASE_URL: "",
  STRIPE_SECRET_KEY: "",
  STRIPE_WEBHOOK_SECRET: "",
  STRIPE_API_URL: "",
};

function settingsFor(api: ManagementApi, databaseUrl: string): Record<string, string> {
  return {
    ...NOTHING,
    SUPABASE_PROFILE: api.profile,
    SUPABASE_PROJECT_REF: "abcdefghijklmnopqrst",
    SUPABASE_ACCESS_TOKEN: `sbp_${"0123456789".repeat(4)}`,
    DATABASE_URL: databaseUrl,
    PARLEY_FUNCTIONS_URL: `${stack.API_URL}/functions/v1`,
    PARLEY_SECRET_KEY: stack.SECRET_KEY,
    PARLEY_ALLOWED_ORIGINS: "https://app.example",
    OPENAI_API_KEY: OPENAI_KEY,
  };
}

/** A database as a new project has it, with as much of Vault as a deployment uses. */
async function emptyDatabase(): Promise<ScratchDatabase> {
  const database = await startScratchDatabase({ isMigrated: false });
  onTestFinished(() => database[Symbol.asyncDispose]());
  await withConnection(database.url(SUPERUSER), (client) =>
    client.query(`
      create schema vault authorization postgres;
      set role postgres;
      create table vault.secrets (id uuid primary key default gen_random_uuid(), name text unique, secret text);
      create view vault.decrypted_secrets as select name, secret as decrypted_secret from vault.secrets;
      create function vault.create_secret(new_secret text, new_name text) returns uuid
        language sql as 'insert into vault.secrets (secret, name) values ($1, $2) returning id';
      create function vault.update_secret(secret_id uuid, new_secret text) returns void
        language sql as 'update vault.secrets set secret = $2 where id = $1';
    `));
  return database;
}

/** Returns what Vault holds, by name. */
async function readVault(database: ScratchDatabase): Promise<Record<string, string>> {
  const { rows } = await withConnection(
    database.url("postgres"),
    (client) =>
      client.query<{ name: string; secret: string }>("select name, secret from vault.secrets"),
  );
  return Object.fromEntries(rows.map(({ name, secret }) => [name, secret]));
}

async function functionNames(): Promise<string[]> {
  const entries = await readdir(path.join(REPOSITORY, "functions"), { withFileTypes: true });
  return entries.filter((each) => each.isDirectory() && !each.name.startsWith("_"))
    .map(({ name }) => name).sort();
}

const patient = { timeout: 240_000 };

test("a dry run without settings names all migrations and functions", patient, async () => {
  const { exitCode, stdout } = await runScript("deploy.ts", ["--dry-run"], NOTHING);

  expect(exitCode).toBe(0);
  expect(stdout).toContain("SUPABASE_PROJECT_REF is missing.");
  for (const name of await functionNames()) {
    expect(stdout).toMatch(new RegExp(`^${name} +\\d\\.\\d\\d MB$`, "m"));
  }
  for (const file of await readdir(path.join(REPOSITORY, "supabase/migrations"))) {
    if (file.endsWith(".sql")) expect(stdout).toContain(file);
  }
});

test("a deployment without settings changes nothing", async () => {
  const { exitCode, stdout, stderr } = await runScript("deploy.ts", [], NOTHING);

  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^Deployment failed: settings_missing\n/);
  expect(stderr).toMatch(/Nothing was changed\.$/);
});

test(
  "a second run repairs what a failure in the middle has left",
  patient,
  async () => {
    const database = await emptyDatabase();
    const api = await serveManagementApi(await scratchDirectory(), stack.PUBLISHABLE_KEY);
    const settings = settingsFor(api, database.url("postgres"));

    api.broken = "files";
    const first = await runScript("deploy.ts", [], {
      ...settings,
      PARLEY_SECRET_KEY: "sb_secret_old",
    });

    expect(first.exitCode).toBe(1);
    expect(first.stderr).toMatch(/^Deployment failed: functions_failed\n/);
    expect(first.stderr).toContain("Bundle generation timed out");
    expect(first.stderr).toMatch(/run `npm run deploy` again\.$/);
    expect(first.stderr).not.toMatch(/^ +at /m);
    expect(api.active).not.toContain("files");
    expect(await readVault(database)).toMatchObject({ parley_secret_key: "sb_secret_old" });

    // As in a project whose Realtime made its tables after the migrations.
    await withConnection(
      database.url("postgres"),
      (client) => client.query("drop policy parley_messages_select_own on realtime.messages"),
    );
    api.broken = null;
    const second = await runScript("deploy.ts", [], settings);

    expect(second.stderr).toBe("");
    expect(second.exitCode).toBe(0);
    expect(first.stdout).toMatch(/── Migrations\n\d+_.*\.sql/);
    expect(second.stdout).toContain("── Migrations\nnone is missing");
    expect(second.stdout).toMatch(/── Schedules \(UTC\)\nname[^]+turn-recovery/);
    expect(second.stdout).toMatch(/a user got a reply of \d+ characters/);
    expect(second.stdout).toMatch(/Deployed\.$/);
    expect(second.stdout).not.toContain("Live events are off");
    const { rowCount } = await withConnection(
      database.url("postgres"),
      (client) =>
        client.query("select from pg_policies where policyname = 'parley_messages_select_own'"),
    );
    expect(rowCount).toBe(1);
    expect(api.active.toSorted()).toEqual(await functionNames());
    expect(api.secrets).toEqual({
      OPENAI_API_KEY: OPENAI_KEY,
      PARLEY_ALLOWED_ORIGINS: "https://app.example",
    });
    expect(await readVault(database)).toEqual({
      parley_functions_url: settings.PARLEY_FUNCTIONS_URL,
      // The migration stores it.
      parley_identity_pepper: expect.stringMatching(/^[0-9a-f]{64}$/),
      parley_secret_key: stack.SECRET_KEY,
    });
    // The user of the conversation is gone, with everything that it had.
    const [left] = await asPostgres<{ users: number }>(
      "select count(*)::int as users from auth.users where email like 'parley-deploy-check@%'",
    );
    expect(left?.users).toBe(0);
    const seen = [first, second].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    const secrets = [OPENAI_KEY, settings.SUPABASE_ACCESS_TOKEN ?? "", stack.SECRET_KEY];
    for (const secret of [...secrets, new URL(database.url("postgres")).password]) {
      expect(secret).not.toBe("");
      expect(seen.join("\n")).not.toContain(secret);
      expect(api.commandLines.join("\n")).not.toContain(secret);
    }
    expect(api.commandLines.join("\n")).toContain("--env-file");
  },
);

test("a refused migration is named before anything changes", patient, async () => {
  const database = await emptyDatabase();
  await withConnection(database.url("postgres"), (client) =>
    client.query(`
      create schema supabase_migrations;
      create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
      insert into supabase_migrations.schema_migrations values ('20990101000000', '{}', 'of_another_team');
    `));
  const api = await serveManagementApi(await scratchDirectory());

  const { exitCode, stderr } = await runScript(
    "deploy.ts",
    [],
    settingsFor(api, database.url("postgres")),
  );

  expect(exitCode).toBe(1);
  expect(stderr).toMatch(
    /^Deployment failed: migrations_refused\n.*20990101000000_of_another_team/,
  );
  expect(await readVault(database)).toEqual({});
  expect(api.secrets).toEqual({});
});
