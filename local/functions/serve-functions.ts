import { watch } from "node:fs";
import path from "node:path";
import { findFunctions, type FoundFunction, type FunctionPlaces } from "./find-functions.ts";
import { buildImportMap } from "./import-map.ts";
import type { FunctionsUpstream } from "../gateway/functions.ts";
import type { Log } from "../stack/log.ts";
import { type Service, startService } from "../stack/service.ts";
import { REPOSITORY, type Settings } from "../stack/settings.ts";

const folder = (name: string) => path.join(REPOSITORY, name);

/** Where this checkout's functions are. */
const OWN_FUNCTIONS: FunctionPlaces = {
  directory: folder("functions"),
  project: folder("supabase"),
};

/** What the Deno process that serves the edge functions is told. */
export interface FunctionsOptions {
  /** This checkout's own when left out. */
  places?: FunctionPlaces;
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

/** The functions' process, and how the gateway reaches it. */
export interface FunctionsService {
  service: Service;
  upstream: FunctionsUpstream;
}

/** Starts Deno on the edge functions, on any port. A crash restarts it, and the gateway lives on. */
export async function startFunctions(options: FunctionsOptions): Promise<FunctionsService> {
  const { places = OWN_FUNCTIONS, log } = options;
  let functions: FoundFunction[] = [];
  const service = await startService({
    name: "functions",
    command: folder("node_modules/.bin/deno"),
    args: [path.join(import.meta.dirname, "functions-server.ts")],
    beforeStart() {
      // Anew each time, so that a function that is added needs no restart of the stack.
      functions = listFunctions(places, log);
      return describeFunctions(functions, places);
    },
    env: functionsEnvironment(options),
    stopSignal: "SIGTERM",
    ready: /^functions ready on (http:\S+):/,
    // A notice about requests' signals, which no function listens to; and what is logged already.
    quiet: /^functions ready|^Deno\.serve: request\.signal |^body broken off$/,
    log,
  });
  return {
    service,
    upstream: {
      address: () => service.address,
      verifiesJwt: (name) => functions.some((each) => each.name === name && each.verifyJwt),
    },
  };
}

/** What Deno is told about the functions that are there now. */
function describeFunctions(
  functions: FoundFunction[],
  places: FunctionPlaces,
): { args: string[]; env: Record<string, string> } {
  const config = folder("functions/deno.json");
  const readable = [
    folder("functions"),
    folder("types"),
    folder("node_modules"),
    folder("local/edge-functions"),
    places.directory,
    places.project,
    ...functions.map(({ entrypoint }) => path.dirname(entrypoint)),
  ];
  const args = [
    "run",
    `--config=${config}`,
    `--import-map=${buildImportMap(config, functions)}`,
    "--node-modules-dir=manual",
    "--no-prompt",
    "--allow-env",
    "--allow-net",
    // A function that listens by itself would do so on every address of the machine.
    "--deny-net=0.0.0.0,[::]",
    `--allow-read=${[...new Set(readable)].join(",")}`,
  ];
  return { args, env: { PARLEY_FUNCTIONS: JSON.stringify(functions) } };
}

/** A broken config.toml is logged; the stack runs without functions until it is mended. */
function listFunctions(places: FunctionPlaces, log: Log): FoundFunction[] {
  try {
    return findFunctions(places);
  } catch (error) {
    log("functions", String(error));
    return [];
  }
}

/** The variables that Supabase gives its functions, and ours. */
function functionsEnvironment(options: FunctionsOptions): Record<string, string> {
  return {
    NO_COLOR: "1",
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
  const watchers = ["functions", "types", "supabase"].map((name) =>
    watch(path.join(REPOSITORY, name), { recursive: true }, (_event, file) => {
      // The CLI keeps files of its own there, and migrations have nothing to do with functions.
      if (name === "supabase" && !/^(config\.toml$|functions\b)/.test(file ?? "")) return;
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
