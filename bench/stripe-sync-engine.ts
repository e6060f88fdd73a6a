import { createRequire } from "node:module";
import path from "node:path";
import { execa } from "execa";
import pg from "pg";
import { z } from "zod";
import { createStripe } from "../functions/_shared/stripe/client.ts";
import type { StackStatus } from "../local/stack/status.ts";
import { temporaryState } from "./stack.ts";

const PACKAGE = "@supabase/stripe-sync-engine";
const VERSION = "0.48.5";

/** The part of the package that the benchmark uses. */
interface Engine {
  stripe: unknown;
  processWebhook(payload: string, signature: string): Promise<void>;
  postgresClient: { pool: { end(): Promise<void> } };
}
interface EngineModule {
  StripeSync: new (config: Record<string, unknown>) => Engine;
  runMigrations(config: Record<string, unknown>): Promise<void>;
}

/** The engine on its own database beside the stack's. */
export interface EngineBaseline extends AsyncDisposable {
  process(payload: string, signature: string): Promise<void>;
}

/**
 * Installs the engine outside the repository, because nothing else needs it. The engine fetches each
 * subscription again from the emulator, as Parley does. It runs in this process, so no HTTP lies between the
 * event and the engine.
 */
export async function startEngine(status: StackStatus): Promise<EngineBaseline> {
  await using parts = new AsyncDisposableStack();
  const { directory } = parts.use(await temporaryState());
  await execa("npm", ["install", "--prefix", directory, `${PACKAGE}@${VERSION}`]);
  // The ES module looks for its migrations beside `__dirname`, which only the CommonJS module has.
  const module: unknown = createRequire(path.join(directory, "index.js"))(PACKAGE);
  // The package is not a dependency, so its types are missing; the interfaces above describe this version.
  const { StripeSync, runMigrations } = z.custom<EngineModule>().parse(module);

  const databaseUrl = await createDatabase(status.DB_URL);
  const schema = "stripe";
  const logger = { info: () => {}, error: fail };
  await runMigrations({ databaseUrl, schema, logger });
  const access = {
    STRIPE_SECRET_KEY: "sk_test_bench",
    STRIPE_API_URL: status.STRIPE_API_URL ?? "",
  };
  const engine = new StripeSync({
    schema,
    stripeSecretKey: access.STRIPE_SECRET_KEY,
    stripeWebhookSecret: status.STRIPE_WEBHOOK_SECRET,
    poolConfig: { connectionString: databaseUrl, max: 10 },
    revalidateObjectsViaStripeApi: ["subscription"],
    backfillRelatedEntities: false,
  });
  engine.stripe = createStripe(access);
  const kept = parts.move();
  return {
    process: (payload, signature) => engine.processWebhook(payload, signature),
    async [Symbol.asyncDispose]() {
      await engine.postgresClient.pool.end();
      await kept.disposeAsync();
    },
  };
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
