import { watch } from "node:fs";
import path from "node:path";
import { findFunctions, type FoundFunction, type FunctionPlaces } from "./find-functions.ts";
import { type HostedLimits, limitLog } from "./hosted-limits.ts";
import { HostedPool } from "./hosted-pool.ts";
import { buildImportMap } from "./import-map.ts";
import type { FunctionsUpstream } from "../gateway/functions.ts";
import type { Log } from "../stack/log.ts";
import { showMisconfiguration } from "./show-misconfiguration.ts";
import { type Service, type ServiceOptions, startService } from "../stack/service.ts";
import { REPOSITORY, type Settings } from "../stack/settings.ts";

const folder = (name: string) => path.join(REPOSITORY, name);

/** The folders of this checkout's functions. */
const OWN_FUNCTIONS: FunctionPlaces = {
  directory: folder("functions"),
  project: folder("supabase"),
};

/** Options of the Deno process that serves the edge functions. */
export interface FunctionsOptions {
  /** By default, the folders of this checkout. */
  places?: FunctionPlaces;
  /** The base URL of the stack: `SUPABASE_URL` in the functions. */
  apiUrl: string;
  publishableKey: string;
  secretKey: string;
  openai: NonNullable<Settings["openai"]>;
  stripe: NonNullable<Settings["stripe"]>;
  stripeRequestsPerSecond?: number;
  streamSeconds: number;
  allowedOrigins: string;
  /** The share of the usual time limits that clients have for sending a body. 1 outside tests. */
  bodyTimePart?: number;
  /** By default, nothing is limited and one process serves all functions. */
  limits?: HostedLimits;
  log: Log;
}

/** The processes of the functions, and the gateway's view of them. */
export interface FunctionsService {
  service: Service;
  upstream: FunctionsUpstream;
}

/** Starts Deno with the edge functions, on any port. After a crash, Deno restarts while the gateway keeps running. */
export async function startFunctions(options: FunctionsOptions): Promise<FunctionsService> {
  if (options.limits) return serveWithLimits(options, options.limits);
  const { places = OWN_FUNCTIONS, log } = options;
  let functions: FoundFunction[] = [];
  const service = await startService({
    ...describeService(options),
    log: showMisconfiguration(log),
    beforeStart() {
      // Searched at each start, so that a new function does not need a restart of the stack.
      functions = listFunctions(places, log);
      return describeFunctions(functions, places);
    },
  });
  return {
    service,
    upstream: {
      address: () => service.address,
      answer: (_name, _request, send) =>
        service.address === undefined ? undefined : send(service.address),
      verifiesJwt: (name) => functions.some((each) => each.name === name && each.verifyJwt),
    },
  };
}

/** Answers each request in a process of its own, with the limits of Supabase. A process starts when it is needed. */
function serveWithLimits(options: FunctionsOptions, limits: HostedLimits): FunctionsService {
  if (process.platform !== "linux") {
    throw new Error("PARLEY_HOSTED_LIMITS=1 needs Linux, because the limits read /proc. Use 0.");
  }
  const { places = OWN_FUNCTIONS } = options;
  const log = showMisconfiguration(options.log);
  const heap = `--v8-flags=--max-heap-size=${limits.memoryBytes / 1024 / 1024}`;
  const pool = new HostedPool({
    limits,
    log,
    start(name) {
      const own = listFunctions(places, log).filter((each) => each.name === name);
      const { args, env } = describeFunctions(own, places);
      const write = limitLog((line) => log("functions", line), limits);
      return startService({
        ...describeService(options),
        once: true,
        log: (_part, line) => write(line),
        beforeStart: () => ({
          args: ["run", heap, ...args.slice(1)],
          env: { ...env, PARLEY_HOSTED_LIMITS: "1" },
        }),
      });
    },
  });
  return {
    service: pool,
    upstream: {
      address: () => pool.address,
      answer: (name, request, send) => pool.answer(name, request, send),
      verifiesJwt: (name) =>
        listFunctions(places, log).some((each) => each.name === name && each.verifyJwt),
    },
  };
}

/** Describes the process of the functions, without its functions. */
function describeService(options: FunctionsOptions) {
  return {
    name: "functions",
    command: folder("node_modules/.bin/deno"),
    args: [path.join(import.meta.dirname, "functions-server.ts")],
    env: functionsEnvironment(options),
    stopSignal: "SIGTERM",
    ready: /^functions ready on (http:\S+):/,
    // Hides Deno's notice about `request.signal`, which no function uses, and failures that are already logged.
    quiet: /^functions ready|^Deno\.serve: request\.signal |^body broken off$/,
  } as const satisfies Partial<ServiceOptions>;
}

/** Builds Deno's arguments and variables for the present functions. */
function describeFunctions(
  functions: FoundFunction[],
  places: FunctionPlaces,
): { args: string[]; env: Record<string, string> } {
  const config = folder("functions/deno.json");
  const readable = [
    folder("functions"),
    folder("types"),
    folder("node_modules"),
    folder("local/functions"),
    places.directory,
    path.join(places.project, "functions"),
    ...functions.map(({ entrypoint }) => readableFolder(entrypoint, places)),
  ];
  const args = [
    "run",
    `--config=${config}`,
    `--import-map=${buildImportMap(config, functions)}`,
    "--node-modules-dir=manual",
    "--no-prompt",
    "--allow-env",
    "--allow-net",
    // A function that opens a port itself would listen on every address of the machine.
    "--deny-net=0.0.0.0,[::]",
    `--allow-read=${[...new Set(readable)].join(",")}`,
  ];
  return { args, env: { PARLEY_FUNCTIONS: JSON.stringify(functions) } };
}

/** Returns the folder of a function, or only its file where the folder holds more than functions, such as keys. */
function readableFolder(entrypoint: string, { directory, project }: FunctionPlaces): string {
  const own = path.dirname(entrypoint);
  const isAbove = [directory, project].some((place) => !path.relative(own, place).startsWith(".."));
  return isAbove ? entrypoint : own;
}

/** Finds the functions. Logs a broken config.toml; the stack then runs without functions until the file is repaired. */
function listFunctions(places: FunctionPlaces, log: Log): FoundFunction[] {
  try {
    return findFunctions(places);
  } catch (error) {
    log("functions", String(error));
    return [];
  }
}

/** Builds the variables of the functions: those that Supabase sets, and Parley's own. */
function functionsEnvironment(options: FunctionsOptions): Record<string, string> {
  return {
    NO_COLOR: "1",
    SUPABASE_URL: options.apiUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: options.publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: options.secretKey }),
    SUPABASE_JWKS_URL: `${options.apiUrl}/auth/v1/.well-known/jwks.json`,
    OPENAI_API_KEY: options.openai.apiKey,
    OPENAI_BASE_URL: options.openai.baseUrl,
    OPENAI_WEBHOOK_SECRET: options.openai.webhookSecret ?? "",
    STRIPE_SECRET_KEY: options.stripe.secretKey,
    STRIPE_WEBHOOK_SECRET: options.stripe.webhookSecret,
    STRIPE_API_URL: options.stripe.apiUrl,
    STRIPE_REQUESTS_PER_SECOND: String(options.stripeRequestsPerSecond ?? ""),
    PARLEY_STREAM_SECONDS: String(options.streamSeconds),
    PARLEY_ALLOWED_ORIGINS: options.allowedOrigins,
    PARLEY_BODY_TIME_PART: String(options.bodyTimePart ?? 1),
  };
}

/** Changes of files come in bursts, for example when an editor saves or a branch is switched. */
const SETTLE_MS = 100;

/** Restarts the functions whenever one of their files changes. Returns a function that stops this. */
export function restartOnChange(service: Service, log: Log): () => void {
  let settling: NodeJS.Timeout | undefined;
  const watchers = ["functions", "types", "supabase"].map((name) =>
    watch(path.join(REPOSITORY, name), { recursive: true }, (_event, file) => {
      // The CLI's own files and the migrations are in this folder too. They do not affect functions.
      if (name === "supabase" && !/^(config\.toml$|functions\b)/.test(file ?? "")) return;
      clearTimeout(settling);
      settling = setTimeout(() => {
        log("functions", `${name}/${file} has changed; restarting`);
        service.restart();
      }, SETTLE_MS);
    })
  );
  return () => {
    clearTimeout(settling);
    for (const watcher of watchers) watcher.close();
  };
}
