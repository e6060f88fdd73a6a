import path from "node:path";
import { HOSTED_LIMITS } from "../functions/hosted-limits.ts";
import { restartOnChange, startFunctions } from "../functions/serve-functions.ts";
import { bindDoor } from "../gateway/door.ts";
import type { FunctionsUpstream } from "../gateway/functions.ts";
import { Mailbox } from "../mail/mailbox.ts";
import { startSmtpSink } from "../mail/smtp-sink.ts";
import { stopOrphan } from "../postgres/cluster.ts";
import type { PlatformDatabase } from "../postgres/platform-database.ts";
import { startRealtime } from "../realtime/start-realtime.ts";
import { startScheduler } from "../scheduler/scheduler.ts";
import { bindPort, type WantedPort } from "./bind-port.ts";
import { startOpenAIEmulator, startStripeEmulator } from "./emulators.ts";
import { loadKeys } from "./keys.ts";
import type { Log } from "./log.ts";
import { seedCatalogue } from "./seed-catalogue.ts";
import type { Settings } from "./settings.ts";
import { type Site, usePool } from "./site.ts";
import { startMigratedDatabase } from "./start-database.ts";
import { startGateway } from "./start-gateway.ts";
import {
  lastPorts,
  rememberPorts,
  requireNotRunning,
  requireOwnVersion,
  type StackPorts,
} from "./state.ts";
import { clearStatus, type StackStatus, writeStatus } from "./status.ts";

/** A running stack. */
export interface Stack {
  status: StackStatus;
  /** Stops all parts in the reverse order of their start. Resolves when all have ended. */
  stop(): Promise<void>;
}

/** Options of a start that do not come from the settings. */
export interface StartOptions {
  log: Log;
  /** Restart edited functions, and retry an edited migration that has failed. */
  watch: boolean;
  /** Aborts a start in progress. */
  signal?: AbortSignal;
}

/** Starts every part of the local stack on 127.0.0.1. When a part cannot start, stops the others and rejects. */
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
  // The gateway listens first, because tokens, functions and the Stripe emulator need its address.
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
  const realtime = await startRealtime(site, database);
  parts.defer(() => realtime.stop());
  door.forwardRealtime(() => realtime.address);
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

/** Returns the ports of the settings. Where any port will do, the port of the previous start is tried first. */
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

type Provider = NonNullable<Settings["openai"]>;
type Account = NonNullable<Settings["stripe"]>;

/** The OpenAI and Stripe that the functions use: real ones or emulators. */
interface Outside {
  openai: Provider;
  stripe: Account;
}

/** Returns the OpenAI account of the settings, or starts the emulator. */
async function startProvider(
  { settings, apiUrl, log }: Site,
  parts: AsyncDisposableStack,
): Promise<Provider> {
  if (settings.openai) return settings.openai;
  const { stateDir, scheduler } = settings;
  // Without the scheduler, nothing happens by itself.
  const webhookUrl = scheduler ? `${apiUrl}/functions/v1/openai-webhook` : undefined;
  const { service, provider } = await startOpenAIEmulator({ stateDir, webhookUrl, log });
  parts.defer(() => service.stop());
  return provider;
}

/** Returns the Stripe account of the settings, or starts the emulator. */
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

async function startEdgeFunctions(
  { settings, keys, apiUrl, log }: Site,
  { openai, stripe }: Outside,
  parts: AsyncDisposableStack,
  watch: boolean,
): Promise<FunctionsUpstream> {
  const { publishableKey, secretKey } = keys;
  const { stripeRequestsPerSecond, streamSeconds, allowedOrigins, bodyTimePart, hostedLimits } =
    settings;
  const { service, upstream } = await startFunctions({
    apiUrl,
    publishableKey,
    secretKey,
    openai,
    stripe,
    stripeRequestsPerSecond,
    streamSeconds,
    allowedOrigins,
    bodyTimePart,
    limits: hostedLimits ? HOSTED_LIMITS : undefined,
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
    OPENAI_WEBHOOK_SECRET: settings.openai ? undefined : openai.webhookSecret,
    STRIPE_API_URL: settings.stripe ? undefined : stripe.apiUrl,
    STRIPE_WEBHOOK_SECRET: settings.stripe ? undefined : stripe.webhookSecret,
  };
}
