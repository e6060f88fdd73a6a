// `npm run deploy [-- --dry-run]`: brings a hosted project of Supabase to the version of this checkout, and checks it.
// `docs/deploy.md` lists the settings. Each step can be repeated, so a run after a failure continues where it ended.
import { parseArgs } from "node:util";
import { migrateDatabase } from "../local/migrations/migrate-database.ts";
import { readMigrationFiles } from "../local/migrations/migration-files.ts";
import { planMigrations } from "../local/migrations/plan-migrations.ts";
import { withConnection } from "../local/postgres/with-connection.ts";
import { type Bundle, bundleFunctions, formatBytes } from "./deploy/bundle-functions.ts";
import { checkFunctions, checkHealth, holdConversation } from "./deploy/check-project.ts";
import { DeployFailure, type DeployFailureCode, runStep } from "./deploy/failure.ts";
import { listLeftToDo } from "./deploy/left-to-do.ts";
import {
  allowLiveEvents,
  deployBundles,
  findPublishableKey,
  privateFolder,
  setVariables,
  storeVaultSecrets,
} from "./deploy/project.ts";
import { type DeploySettings, readDeploySettings } from "./deploy/settings.ts";
import { formatSchedules } from "./operations/format-schedules.ts";
import { readSchedules } from "./operations/read-schedules.ts";
import { runScript } from "./operations/run-script.ts";

await runScript(async () => {
  const { values } = parseArgs({ options: { "dry-run": { type: "boolean", default: false } } });
  const { problems, settings } = readDeploySettings(process.env);
  if (values["dry-run"]) return await rehearse(problems, settings);
  if (!settings) {
    throw new DeployFailure("settings_missing", [...problems, "Nothing was changed."].join("\n"));
  }
  await deploy(settings);
});

async function rehearse(problems: string[], settings: DeploySettings | null): Promise<void> {
  await using place = await privateFolder();
  const secrets = settings?.secrets ?? [];
  show("Settings", problems.length > 0 ? problems : ["complete"]);
  const bundles = await runStep("bundles_failed", secrets, () => bundleFunctions(place.folder));
  show(`Functions (${bundles.length})`, bundles.map(describeBundle));
  if (settings) {
    const { pending } = await runStep(
      "migrations_refused",
      secrets,
      () => planMigrations(settings.databaseUrl),
    );
    show("Migrations that would run", pending.length > 0 ? pending : ["none"]);
  } else {
    const files = (await readMigrationFiles()).map(({ file }) => file);
    show("Migrations that would run in a new project", files);
  }
  console.log("\nThis was a dry run. Nothing was changed.");
}

async function deploy(settings: DeploySettings): Promise<void> {
  const { databaseUrl, functionsUrl, secretKey, secrets, variables } = settings;
  const step = <T>(code: DeployFailureCode, run: () => Promise<T>) => runStep(code, secrets, run);
  await using place = await privateFolder();
  console.log(`Deploys to project ${settings.project}`);

  // The first steps change nothing in the project.
  const { pending } = await step("migrations_refused", () => planMigrations(databaseUrl));
  show("Migrations", pending.length > 0 ? pending : ["none is missing"]);
  const bundles = await step("bundles_failed", () => bundleFunctions(place.folder));
  // Functions of the previous release work on the new schema, but not the other way round.
  await step("migrations_failed", () => migrateDatabase(databaseUrl, { log: () => {} }));
  const hasLiveEvents = await step("migrations_failed", () => allowLiveEvents(settings));
  await step("vault_failed", () => storeVaultSecrets(settings));

  await step("secrets_failed", () => setVariables(settings));
  show("Variables of the functions", Object.keys(variables));
  await step("functions_failed", () => deployBundles(settings, place.folder));
  show(`Functions (${bundles.length})`, bundles.map(describeBundle));

  const names = bundles.map(({ name }) => name);
  const withStripe = Boolean(variables.STRIPE_SECRET_KEY);
  const { schema_version, release } = await step("unhealthy", () => checkHealth(functionsUrl));
  await step("unhealthy", () => checkFunctions(functionsUrl, names, { withStripe }));
  show("Health", [`release ${release}, schema ${schema_version}; the functions answer`]);
  const schedules = await step(
    "schedules_failed",
    () => withConnection(databaseUrl, (client) => readSchedules(client, new Date())),
  );
  show("Schedules (UTC)", [formatSchedules(schedules)]);
  const reply = await step("conversation_failed", async () => {
    const publishableKey = await findPublishableKey(settings);
    return await holdConversation({ functionsUrl, publishableKey, secretKey });
  });
  show("Conversation", [`a user got a reply of ${reply.length} characters, and was deleted again`]);

  show("Left to do by hand", listLeftToDo(settings, hasLiveEvents).map((line) => `- ${line}`));
  console.log("\nDeployed.");
}

function show(title: string, lines: string[]): void {
  console.log(`\n── ${title}\n${lines.join("\n")}`);
}

function describeBundle({ name, bytes }: Bundle): string {
  return `${name.padEnd(24)}${formatBytes(bytes)}`;
}
