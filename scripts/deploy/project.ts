import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import * as z from "zod";
import { supabaseCli } from "../../local/migrations/migrations.ts";
import { withConnection } from "../../local/postgres/with-connection.ts";
import type { DeploySettings } from "./settings.ts";

/** Creates a folder that only this user can read. Disposing removes it with its content. */
export async function privateFolder(): Promise<AsyncDisposable & { folder: string }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "parley-deploy-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, [Symbol.asyncDispose]: remove };
}

/**
 * Stores in Vault where and with which key schedules call the functions. `supabase db push` does so only when it also
 * applies a migration, so a changed key would not arrive.
 */
export async function storeVaultSecrets(
  { databaseUrl, functionsUrl, secretKey }: DeploySettings,
): Promise<void> {
  const secrets = { parley_functions_url: functionsUrl, parley_secret_key: secretKey };
  await withConnection(databaseUrl, async (client) => {
    for (const [name, value] of Object.entries(secrets)) {
      const { rows } = await client.query<{ id: string }>(
        "select id from vault.secrets where name = $1",
        [name],
      );
      const [known] = rows;
      if (known) await client.query("select vault.update_secret($1, $2)", [known.id, value]);
      else await client.query("select vault.create_secret($1, $2)", [value, name]);
    }
  });
}

/**
 * Lets users join the channels of live events. The migrations do so, too, but Realtime may make its tables after them.
 * Returns false if there is nothing to join yet.
 */
export async function allowLiveEvents({ databaseUrl }: DeploySettings): Promise<boolean> {
  const { rows: [row] } = await withConnection(
    databaseUrl,
    (client) =>
      client.query<{ is_allowed: boolean }>("select private.allow_live_events() as is_allowed"),
  );
  return row?.is_allowed ?? false;
}

/** Sets the variables of the functions. They go through a file, because others can see a command line. */
export async function setVariables({ project, variables }: DeploySettings): Promise<void> {
  await using place = await privateFolder();
  const file = path.join(place.folder, "functions.env");
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quote(name, value)}\n`);
  await writeFile(file, lines.join(""), { mode: 0o600 });
  await supabaseCli(
    ["secrets", "set", "--env-file", file, `--remote=${project}`, "--yes"],
    place.folder,
  );
}

/**
 * Deploys the bundles of a folder. If Supabase refuses one, the CLI still deploys the others before it fails. That does
 * no harm until the next run, because functions of two releases can share a database.
 */
export async function deployBundles({ project }: DeploySettings, folder: string): Promise<void> {
  await supabaseCli(
    ["functions", "deploy", "--use-api", `--remote=${project}`, "--yes"],
    folder,
  );
}

const Keys = z.object({
  keys: z.array(z.object({ type: z.string().nullish(), api_key: z.string().nullish() })),
});

/** Returns the publishable key of a project: the given one, or that of the Management API. */
export async function findPublishableKey(settings: DeploySettings): Promise<string> {
  if (settings.publishableKey) return settings.publishableKey;
  await using place = await privateFolder();
  const output = await supabaseCli(
    ["projects", "api-keys", `--remote=${settings.project}`, "--output-format", "json"],
    place.folder,
  );
  const key = Keys.parse(JSON.parse(output)).keys.find(({ type }) => type === "publishable");
  if (key?.api_key) return key.api_key;
  throw new Error(
    "The project has no publishable key. Create one in Dashboard → Settings → API keys, " +
      "or set SUPABASE_PUBLISHABLE_KEY.",
  );
}

/** Quotes a value so that the CLI's parser takes it literally. */
function quote(name: string, value: string): string {
  const mark = ["'", "`"].find((each) => !value.includes(each));
  if (mark === undefined || /[\r\n]/.test(value)) {
    throw new Error(
      `${name} has a line break, or both ' and \`. Set it with \`npx supabase secrets set\`, and remove it here.`,
    );
  }
  return `${mark}${value}${mark}`;
}
