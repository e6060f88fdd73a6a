// Runs on Deno, inside the functions server.
import { AsyncLocalStorage } from "node:async_hooks";
import { type Handler, readServeArguments, standInServer } from "./serve-arguments.ts";
import { explainFailure } from "./explain-failure.ts";

/** A function. Without a handler, it is still loading or broken. */
interface Loaded {
  handler?: Handler;
}

/** The operations that the registry needs from its host. */
export interface RegistryPorts {
  importModule(entrypoint: string): Promise<{ default?: unknown }>;
  log(line: string): void;
}

/** Holds the edge functions of one process and calls them by name. A broken function answers 503. */
export class FunctionRegistry {
  readonly #functions = new Map<string, Loaded>();
  /** Holds the name of the function whose code runs, also after its import. */
  readonly #caller = new AsyncLocalStorage<string>();
  readonly #ports: RegistryPorts;

  constructor(ports: RegistryPorts) {
    this.#ports = ports;
  }

  /** Names of the functions that can be called. */
  get names(): string[] {
    return [...this.#functions].flatMap(([name, { handler }]) => handler ? [name] : []);
  }

  /** Imports one function. Never rejects: it logs failures. */
  async load(name: string, entrypoint: string): Promise<void> {
    const loaded: Loaded = {};
    this.#functions.set(name, loaded);
    try {
      const module = await this.#caller.run(name, () => this.#ports.importModule(entrypoint));
      loaded.handler ??= fetchOf(module.default);
      if (!loaded.handler) this.#fail(name, "it neither calls Deno.serve nor exports { fetch }");
    } catch (error) {
      this.#fail(name, explainFailure(error));
    }
  }

  /** Replaces `Deno.serve`: stores the handler of the calling function instead of listening. */
  readonly serve = (...given: unknown[]): unknown => {
    const loaded = this.#functions.get(this.#caller.getStore() ?? "");
    if (!loaded) throw new Error("Deno.serve was called outside an edge function");
    const { handler, onListen } = readServeArguments(given);
    loaded.handler = handler;
    const server = standInServer();
    onListen?.(server.addr);
    return server;
  };

  /** Logs an uncaught error of a function. The process and the other functions keep running. */
  reportUncaught(error: unknown): void {
    const name = this.#caller.getStore() ?? "a function";
    this.#ports.log(`${name}: uncaught ${describe(error)}`);
  }

  /** Calls the function that the path names. */
  async answer(request: Request, info: unknown): Promise<Response> {
    const name = new URL(request.url).pathname.split("/")[1] ?? "";
    const loaded = this.#functions.get(name);
    if (!loaded) {
      const hint = `Check the name, or create supabase/functions/${name || "<name>"}/index.ts.`;
      return refuse(404, "not_found", "There is no such function.", hint);
    }
    if (!loaded.handler) {
      const hint =
        "The log of the stack shows the reason. docs/local-stack.md says which functions can run.";
      return refuse(503, "function_broken", `The function "${name}" could not be started.`, hint);
    }
    try {
      return await this.#caller.run(name, loaded.handler, request, info);
    } catch (error) {
      this.#ports.log(`${name}: ${describe(error)}`);
      const hint = "The log of the stack shows the error.";
      return refuse(500, "internal", `The function "${name}" has thrown an error.`, hint);
    }
  }

  #fail(name: string, failure: string): void {
    this.#ports.log(`${name} could not be started: ${failure}`);
  }
}

function fetchOf(exported: unknown): Handler | undefined {
  if (typeof exported !== "object" && typeof exported !== "function") return undefined;
  if (exported === null || !("fetch" in exported)) return undefined;
  const { fetch } = exported;
  if (typeof fetch !== "function") return undefined;
  return (request) => fetch.call(exported, request);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? error.message : String(error);
}

function refuse(status: number, code: string, message: string, hint: string): Response {
  return Response.json({ code, message, details: null, hint }, { status });
}
