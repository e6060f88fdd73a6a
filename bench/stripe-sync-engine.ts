import { appendFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { execa } from "execa";
import pg from "pg";
import * as z from "zod";
import type { StackStatus } from "../local/stack/status.ts";
import { copyProject } from "./bare.ts";
import { type BenchStack, startBenchStack, temporaryState } from "./stack.ts";

const PACKAGE = "@supabase/stripe-sync-engine";
const VERSION = "0.48.5";
const SCHEMA = "stripe";

interface EngineModule {
  runMigrations(config: Record<string, unknown>): Promise<void>;
}

/**
 * Starts a stack whose function `engine` is the engine, behind the gateway and in the process of the other functions.
 * It is installed in a copy of the project, because nothing else needs it. It writes to a database of its own beside
 * the stack's, and fetches each subscription again from the emulator, as Parley does.
 */
export async function startStackWithEngine(parts: AsyncDisposableStack): Promise<BenchStack> {
  const { project, folder } = await copyProject(parts, "engine");
  await execa("npm", ["install", "--prefix", folder, `${PACKAGE}@${VERSION}`]);
  const settings = "\n[functions.engine]\nverify_jwt = false\n";
  await appendFile(path.join(project, "supabase/config.toml"), settings);
  const { directory } = parts.use(await temporaryState());
  const stack = parts.use(await startBenchStack(directory, { PARLEY_WATCH: "off" }, project));
  await configure(folder, stack.status);
  return stack;
}

async function configure(folder: string, status: StackStatus): Promise<void> {
  // The ES module looks for its migrations beside `__dirname`, which only the CommonJS module has.
  const module: unknown = createRequire(path.join(folder, "index.js"))(PACKAGE);
  // The package is not a dependency, so its types are missing; the interface above describes this version.
  const { runMigrations } = z.custom<EngineModule>().parse(module);
  const databaseUrl = await createDatabase(status.DB_URL);
  await runMigrations({ databaseUrl, schema: SCHEMA, logger: { info: () => {}, error: fail } });
  const { hostname, port } = new URL(status.STRIPE_API_URL ?? "");
  const config = {
    schema: SCHEMA,
    stripeSecretKey: "sk_test_bench",
    stripeWebhookSecret: status.STRIPE_WEBHOOK_SECRET,
    poolConfig: { connectionString: databaseUrl, max: 10 },
    revalidateObjectsViaStripeApi: ["subscription"],
    backfillRelatedEntities: false,
  };
  const api = { protocol: "http", host: hostname, port };
  await writeFile(path.join(folder, "config.json"), JSON.stringify({ api, config }));
}

/** Creates a separate database, because the engine skips types whose names exist in any schema. */
async function createDatabase(stackUrl: string): Promise<string> {
  const client = new pg.Client(stackUrl);
  await client.connect();
  await client.query("create database stripe_engine");
  await client.end();
  const url = new URL(stackUrl);
  url.pathname = "/stripe_engine";
  return url.href;
}

/** Throws for failed migrations, which the engine only logs. */
function fail(error: unknown): never {
  throw error;
}
