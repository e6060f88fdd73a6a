import { serve, type ServerType } from "@hono/node-server";
import getPort from "get-port";
import pg from "pg";
import { quietAnsweredErrors } from "./api/quiet.ts";
import { createReloadingApp } from "./api/reload.ts";
import { startDatabase } from "./database.ts";
import { startOpenAIEmulator } from "./emulators.ts";
import { startFunctions } from "./functions.ts";
import { createGateway } from "./gateway/app.ts";
import { createTokenExchange } from "./gateway/tokens.ts";
import { loadKeys } from "./keys.ts";
import type { Log } from "./log.ts";
import { SUPERUSER } from "./postgres/names.ts";
import type { Settings } from "./settings.ts";
import { clearStatus, type StackStatus, writeStatus } from "./status.ts";

/** A running stack. */
export interface Stack {
  status: StackStatus;
  /** Ends every part, last started first, and waits until all are gone. */
  stop(): Promise<void>;
}

/** Options of a start that are no settings. */
export interface StartOptions {
  log: Log;
  /** Start functions again when a file changes. */
  watch: boolean;
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
  { log, watch }: StartOptions,
  parts: AsyncDisposableStack,
): Promise<StackStatus> {
  const { stateDir, apiPort, dbPort } = settings;
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const keys = await loadKeys(stateDir);
  const [functionsPort, openaiPort] = [await getPort(), await getPort()];
  let ready = false;

  const database = await startDatabase({ stateDir, port: dbPort, apiUrl, keys, log });
  parts.defer(() => database.service.stop());
  await database.migrate();

  const openai = settings.openai
    ? null
    : await startOpenAIEmulator({ port: openaiPort, stateDir, log });
  if (openai) parts.defer(() => openai.service.stop());

  parts.defer(quietAnsweredErrors());
  const app = await createReloadingApp({ databaseUrl: database.url(SUPERUSER), apiUrl, keys });
  parts.defer(() => app.close());
  const pool = new pg.Pool({ connectionString: database.url(SUPERUSER), max: 4 });
  // Idle connections break when Postgres does; the next query opens another.
  pool.on("error", () => {});
  parts.defer(() => pool.end());

  const tokens = await createTokenExchange(keys, `${apiUrl}/auth/v1`);
  const functionsUrl = `http://127.0.0.1:${functionsPort}`;
  const gateway = createGateway({
    app,
    database: pool,
    tokens,
    keys,
    functionsUrl,
    isReady: () => ready,
  });
  const server = await listen(gateway.fetch, apiPort);
  parts.defer(() => close(server));

  const functions = await startFunctions({
    port: functionsPort,
    apiUrl,
    publishableKey: keys.publishableKey,
    secretKey: keys.secretKey,
    openai: settings.openai ?? openai!.provider,
    streamSeconds: settings.streamSeconds,
    allowedOrigins: settings.allowedOrigins,
    watch,
    log,
  });
  parts.defer(() => functions.stop());
  ready = true;

  const status: StackStatus = {
    API_URL: apiUrl,
    FUNCTIONS_URL: `${apiUrl}/functions/v1`,
    DB_URL: database.url("postgres"),
    PUBLISHABLE_KEY: keys.publishableKey,
    SECRET_KEY: keys.secretKey,
    OPENAI_BASE_URL: openai?.provider.baseUrl,
  };
  await writeStatus(stateDir, status);
  parts.defer(() => clearStatus(stateDir));
  return status;
}

function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  port: number,
): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: "127.0.0.1" }, () => resolve(server));
    server.once("error", reject);
  });
}

function close(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
}
