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
  streamSeconds: number;
  allowedOrigins: string;
  /** Start again when a file changes. */
  watch: boolean;
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
      ...(options.watch
        ? [`--watch=${folder("functions")},${folder("types")}`, "--no-clear-screen"]
        : []),
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
    quiet: /^Watcher|^functions ready/,
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
    PARLEY_STREAM_SECONDS: String(options.streamSeconds),
    PARLEY_ALLOWED_ORIGINS: options.allowedOrigins,
  };
}
