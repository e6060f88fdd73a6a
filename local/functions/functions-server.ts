// Runs on Deno: serves every edge function under its name, as Supabase's edge runtime does.
import { pathToFileURL } from "node:url";
import { defineEdgeRuntime, IDLE_PATH } from "./background-work.ts";
import type { FoundFunction } from "./find-functions.ts";
import { FunctionRegistry } from "./registry.ts";

/** The server starts after this time, even if some functions are not imported yet. */
const SLOWEST_IMPORT_MS = 30_000;

const listen = Deno.serve;
// The supervisor sets this variable.
const functions: FoundFunction[] = JSON.parse(Deno.env.get("PARLEY_FUNCTIONS") ?? "[]");
const registry = new FunctionRegistry({
  importModule: (entrypoint) => import(pathToFileURL(entrypoint).href),
  log: (line) => console.error(line),
});

Object.defineProperty(Deno, "serve", { value: registry.serve });
// An uncaught error of one function must not end the others. On Supabase, each function has a process of its own.
for (const event of ["error", "unhandledrejection"] as const) {
  addEventListener(event, (uncaught) => {
    uncaught.preventDefault();
    registry.reportUncaught("reason" in uncaught ? uncaught.reason : uncaught.error);
  });
}

const hasLimits = Deno.env.get("PARLEY_HOSTED_LIMITS") === "1";
const answerWhenIdle = hasLimits ? defineEdgeRuntime() : null;

const loading = Promise.all(
  functions.map(({ name, entrypoint }) => registry.load(name, entrypoint)),
);
const { promise: late, resolve } = Promise.withResolvers<void>();
const timer = setTimeout(resolve, SLOWEST_IMPORT_MS);
await Promise.race([loading, late]);
clearTimeout(timer);

listen({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ hostname, port }) =>
    console.log(`functions ready on http://${hostname}:${port}: ${registry.names.join(", ")}`),
}, (request, info) => {
  if (answerWhenIdle && new URL(request.url).pathname === IDLE_PATH) return answerWhenIdle();
  return registry.answer(request, info);
});

// The supervisor holds the other end of this pipe. When the supervisor ends, this process ends too.
for await (const _ of Deno.stdin.readable);
Deno.exit(0);
