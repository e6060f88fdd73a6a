import path from "node:path";
import type pg from "pg";
import { bindPort, type WantedPort } from "./bind-port.ts";
import { quietAnsweredErrors } from "../rest/quiet.ts";
import { createReloadingApp } from "../rest/reload.ts";
import { createAuthApp } from "../auth/create-auth-app.ts";
import { type PlatformDatabase, startDatabase } from "../postgres/platform-database.ts";
import { seedCatalogue } from "./seed-catalogue.ts";
import { startOpenAIEmulator, startStripeEmulator } from "./emulators.ts";
import { restartOnChange, startFunctions } from "../functions/serve-functions.ts";
import { createGateway } from "../gateway/app.ts";
import { bindDoor, type Door } from "../gateway/door.ts";
import type { FunctionsUpstream } from "../gateway/functions.ts";
import { createTokenExchange } from "../gateway/tokens.ts";
import { loadKeys, type StackKeys } from "./keys.ts";
import type { Log } from "./log.ts";
import { createMailer } from "../mail/mailer.ts";
import { Mailbox } from "../mail/mailbox.ts";
import { startSmtpSink } from "../mail/smtp-sink.ts";
import { migrationChange, MigrationError } from "../migrations/migrations.ts";
import { migrateDatabase } from "../migrations/migrate-database.ts";
import { setPolicies } from "../postgres/policies.ts";
import { stopOrphan } from "../postgres/cluster.ts";
import { SUPERUSER } from "../postgres/names.ts";
import { openPool } from "../postgres/open-pool.ts";
import { startScheduler } from "../scheduler/scheduler.ts";
import type { Settings } from "./settings.ts";
import {
  lastPorts,
  rememberPorts,
  requireNotRunning,
  requireOwnVersion,
  type StackPorts,
} from "./state.ts";
import { clearStatus, type StackStatus, writeStatus } from "./status.ts";
import { createStorageApi } from "../storage/storage-api.ts";

/** A running stack. */
export interface Stack {
  status: StackStatus;
  /** Ends every part, last started first, and waits until all are gone. */
  stop(): Promise<void>;
}

/** Options of a start that are no settings. */
export interface StartOptions {
  log: Log;
  /** Follow edits: of functions while they run, of a migration that has failed. */
  watch: boolean;
  /** Ends a start that is under way. */
  signal?: AbortSignal;
}

/** Starts every part of the local stack on 127.0.0.1. Rejects, with nothing left running, when one cannot start. */
export async function startStack(settings: Settings, options: StartOptions): Promise<Stack> {
  const parts = new AsyncDisposableStack();
  try {
    const status = await startParts(settings, options, parts);
    return { status, stop: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

async function startParts(
  settings: Settings,
  { log, watch, signal = new AbortController().signal }: StartOptions,
  parts: AsyncDisposableStack,
): Promise<StackStatus> {
  const { stateDir } = settings;
  await requireNotRunning(stateDir);
  await requireOwnVersion(stateDir);
  await stopOrphan(path.join(stateDir, "postgres"));

  const wanted = wantPorts(settings, await lastPorts(stateDir));
  // Before everything else: tokens, functions and the Stripe emulator all name the gateway's address.
  const { port: api, part: door } = await bindDoor(wanted.api);
  parts.defer(() => door.close());
  const mailbox = new Mailbox();
  const { port: mail, part: sink } = await bindPort(
    wanted.mail,
    (port) => startSmtpSink(port, mailbox),
  );
  parts.defer(() => sink.stop());

  const site: Site = {
    settings,
    log,
    apiUrl: `http://127.0.0.1:${api}`,
    mailPort: mail,
    keys: await loadKeys(stateDir),
  };
  const database = await startMigratedDatabase(site, wanted.db, parts, watch ? signal : null);
  await rememberPorts(stateDir, { api, db: database.port, mail });
  signal.throwIfAborted();
  const provider = await startProvider(site, parts);
  const account = await startBilling(site, parts);
  const gateway = await startGateway(site, { database, mailbox, door }, parts);
  gateway.connect(
    await startEdgeFunctions(site, { openai: provider, stripe: account }, parts, watch),
  );
  if (settings.scheduler) startClock(site, database, parts);
  gateway.markReady();
  if (!settings.stripe) {
    await seedCatalogue(account, { apiUrl: site.apiUrl, secretKey: site.keys.secretKey });
  }

  const status = describeStack(site, database, { openai: provider, stripe: account });
  await writeStatus(stateDir, status);
  parts.defer(() => clearStatus(stateDir));
  return status;
}

/** The ports of the settings; where any will do, those of the last start are tried first. */
function wantPorts(
  { apiPort, dbPort, mailPort }: Settings,
  last: Partial<StackPorts>,
): Record<keyof StackPorts, WantedPort> {
  return {
    api: { port: apiPort, preferred: last.api, variable: "PARLEY_API_PORT" },
    db: { port: dbPort, preferred: last.db, variable: "PARLEY_DB_PORT" },
    mail: { port: mailPort, preferred: last.mail, variable: "PARLEY_MAIL_PORT" },
  };
}

/** What every part of a stack is told. */
interface Site {
  settings: Settings;
  keys: StackKeys;
  /** Where clients reach the stack. */
  apiUrl: string;
  /** Where the SMTP server that catches mails listens. */
  mailPort: number;
  log: Log;
}

type Provider = NonNullable<Settings["openai"]>;
type Account = NonNullable<Settings["stripe"]>;

/** What the functions talk to outside the stack. */
interface Outside {
  openai: Provider;
  stripe: Account;
}

async function startMigratedDatabase(
  { settings: { stateDir, policies }, keys, apiUrl, log }: Site,
  port: WantedPort,
  parts: AsyncDisposableStack,
  signal: AbortSignal | null,
): Promise<PlatformDatabase> {
  const database = await startDatabase({ stateDir, port, apiUrl, keys, log });
  parts.defer(() => database.service.stop());
  await migrate(database, { log, signal });
  await setPolicies(database.url("postgres"), policies);
  return database;
}

/** The real provider of the settings, or the emulator. */
async function startProvider(
  { settings, log }: Site,
  parts: AsyncDisposableStack,
): Promise<Provider> {
  if (settings.openai) return settings.openai;
  const { stateDir } = settings;
  const { service, provider } = await startOpenAIEmulator({ stateDir, log });
  parts.defer(() => service.stop());
  return provider;
}

/** The real Stripe of the settings, or the emulator. */
async function startBilling(
  { settings, apiUrl, log }: Site,
  parts: AsyncDisposableStack,
): Promise<Account> {
  if (settings.stripe) return settings.stripe;
  const { stateDir } = settings;
  const webhookUrl = `${apiUrl}/functions/v1/stripe-webhook`;
  const { service, account } = await startStripeEmulator({ stateDir, webhookUrl, log });
  parts.defer(() => service.stop());
  return account;
}

/** A gateway that answers, except for the functions. */
interface StartedGateway {
  /** Leads to the functions from now on. */
  connect(functions: FunctionsUpstream): void;
  /** Says that all parts answer. */
  markReady(): void;
}

/** Serves everything on one port. */
async function startGateway(
  { settings, keys, apiUrl, mailPort, log }: Site,
  { database, mailbox, door }: { database: PlatformDatabase; mailbox: Mailbox; door: Door },
  parts: AsyncDisposableStack,
): Promise<StartedGateway> {
  const { stateDir } = settings;
  let ready = false;
  let functions: FunctionsUpstream | undefined;
  parts.defer(quietAnsweredErrors());
  const app = await createReloadingApp({ databaseUrl: database.url(SUPERUSER), apiUrl, keys });
  parts.defer(() => app.close());
  const pool = usePool(database.url(SUPERUSER), 4, parts);
  const tokens = await createTokenExchange(keys, `${apiUrl}/auth/v1`);
  const storage = await createStorageApi({
    database: pool,
    directory: path.join(stateDir, "storage"),
    keys,
    tokens,
    log,
  });
  const auth = createAuthApp({
    database: pool,
    signToken: tokens.sign,
    sendMail: createMailer(mailPort),
    secretKey: keys.secretKey,
    apiUrl,
    allowedOrigins: settings.allowedOrigins.split(/[\s,]+/).filter(Boolean),
    log,
  });
  const gateway = createGateway({
    app,
    auth,
    mailbox,
    storage,
    tokens,
    keys,
    functions: {
      address: () => functions?.address(),
      verifiesJwt: (name) => functions?.verifiesJwt(name) ?? false,
    },
    isReady: () => ready,
  });
  door.open(gateway.fetch);
  // Before what answers behind it.
  parts.defer(() => door.close());
  return {
    connect(upstream) {
      functions = upstream;
    },
    markReady() {
      ready = true;
    },
  };
}

async function startEdgeFunctions(
  { settings, keys, apiUrl, log }: Site,
  { openai, stripe }: Outside,
  parts: AsyncDisposableStack,
  watch: boolean,
): Promise<FunctionsUpstream> {
  const { publishableKey, secretKey } = keys;
  const { streamSeconds, allowedOrigins, bodyTimePart } = settings;
  const { service, upstream } = await startFunctions({
    apiUrl,
    publishableKey,
    secretKey,
    openai,
    stripe,
    streamSeconds,
    allowedOrigins,
    bodyTimePart,
    log,
  });
  parts.defer(() => service.stop());
  if (watch) parts.defer(restartOnChange(service, log));
  return upstream;
}

function startClock(
  { keys, apiUrl, log }: Site,
  database: PlatformDatabase,
  parts: AsyncDisposableStack,
): void {
  const pool = usePool(database.url("postgres"), 2, parts);
  const functionsUrl = `${apiUrl}/functions/v1`;
  parts.defer(startScheduler({ database: pool, functionsUrl, secretKey: keys.secretKey, log }));
}

function usePool(connectionString: string, max: number, parts: AsyncDisposableStack): pg.Pool {
  const pool = openPool(connectionString, max);
  parts.defer(() => pool.end());
  return pool;
}

function describeStack(
  { settings, keys, apiUrl, mailPort }: Site,
  database: PlatformDatabase,
  { openai, stripe }: Outside,
): StackStatus {
  return {
    API_URL: apiUrl,
    FUNCTIONS_URL: `${apiUrl}/functions/v1`,
    DB_URL: database.url("postgres"),
    PUBLISHABLE_KEY: keys.publishableKey,
    SECRET_KEY: keys.secretKey,
    MAIL_URL: `${apiUrl}/_mail`,
    SMTP_URL: `smtp://127.0.0.1:${mailPort}`,
    OPENAI_BASE_URL: settings.openai ? undefined : openai.baseUrl,
    STRIPE_API_URL: settings.stripe ? undefined : stripe.apiUrl,
    STRIPE_WEBHOOK_SECRET: settings.stripe ? undefined : stripe.webhookSecret,
  };
}

/** Applies the migrations; with a signal, a broken one is shown and waited for until it is mended. */
async function migrate(
  database: PlatformDatabase,
  { log, signal }: { log: Log; signal: AbortSignal | null },
): Promise<void> {
  for (;;) {
    try {
      await migrateDatabase(database.url("postgres"), { log: (line) => log("stack", line) });
      return;
    } catch (error) {
      if (!(error instanceof MigrationError) || !signal) throw error;
      log("stack", `${error.message}\n           Waiting for a change in supabase/migrations/ …`);
      await migrationChange(signal);
    }
  }
}
