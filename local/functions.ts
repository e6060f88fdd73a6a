import { watch } from "node:fs";
import path from "node:path";
import type { Log } from "./log.ts";
import { type Service, startService } from "./service.ts";
import { REPOSITORY, type Settings } from "./settings.ts";

/** What the Deno process that serves `functions/` is told. */
export interface FunctionsOptions {
  port: number;
  /** Base URL that functions reach the stack by: `SUPABASE_URL`. */
  apiUrl: string;
  publishableKey: string;
  secretKey: string;
  openai: NonNullable<Settings["openai"]>;
  stripe: NonNullable<Settings["stripe"]>;
  streamSeconds: number;
  allowedOrigins: string;
  /** The part of their time that clients may take over bodies; 1 but in tests. */
  bodyTimePart?: number;
  log: Log;
}

/** Starts Deno on the edge functions; a crash restarts it, and the gateway lives on. */
export function startFunctions(options: FunctionsOptions): Promise<Service> {
  const folder = (name: string) => path.join(REPOSITORY, name);
  return startService({
    name: "functions",
    command: folder("node_modules/.bin/deno"),
    args: [
      "run",
      `--config=${folder("functions/deno.json")}`,
      "--node-modules-dir=manual",
      "--no-prompt",
      "--allow-env",
      "--allow-net",
      `--allow-read=${folder("functions")},${folder("types")},${folder("node_modules")}`,
      path.join(import.meta.dirname, "functions-server.ts"),
    ],
    env: functionsEnvironment(options),
    stopSignal: "SIGTERM",
    ready: /^functions ready/,
    // A notice about requests' signals, which no function listens to; and what is logged already.
    quiet: /^functions ready|^Deno\.serve: request\.signal |^body broken off$/,
    log: options.log,
  });
}

/** The variables that Supabase gives its functions, and ours. */
function functionsEnvironment(options: FunctionsOptions): Record<string, string> {
  return {
    NO_COLOR: "1",
    PARLEY_FUNCTIONS_PORT: String(options.port),
    SUPABASE_URL: options.apiUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: options.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: options.secretKey }),
    SUPABASE_JWKS_URL: `${options.apiUrl}/auth/v1/.well-known/jwks.json`,
    OPENAI_API_KEY: options.openai.apiKey,
    OPENAI_BASE_URL: options.openai.baseUrl,
    STRIPE_SECRET_KEY: options.stripe.secretKey,
    STRIPE_WEBHOOK_SECRET: options.stripe.webhookSecret,
    STRIPE_API_URL: options.stripe.apiUrl,
    PARLEY_STREAM_SECONDS: String(options.streamSeconds),
    PARLEY_ALLOWED_ORIGINS: options.allowedOrigins,
    PARLEY_BODY_TIME_PART: String(options.bodyTimePart ?? 1),
  };
}

/** Edits come in bursts, when an editor saves or a branch is switched. */
const SETTLE_MS = 100;

/** Starts the functions again whenever a file of theirs changes. Returns how to end that. */
export function restartOnChange(service: Service, log: Log): () => void {
  let settling: NodeJS.Timeout | undefined;
  const watchers = ["functions", "types"].map((name) =>
    watch(path.join(REPOSITORY, name), { recursive: true }, (_event, file) => {
      clearTimeout(settling);
      settling = setTimeout(() => {
        log("functions", `${name}/${file} has changed; starting again`);
        service.restart();
      }, SETTLE_MS);
    })
  );
  return () => {
    clearTimeout(settling);
    for (const watcher of watchers) watcher.close();
  };
}
