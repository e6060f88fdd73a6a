/** Answers one request. `info` comes from Deno and holds the address of the caller. */
export type Handler = (request: Request, info: unknown) => Response | Promise<Response>;

/** The arguments of a call of `Deno.serve`. */
export interface ServeArguments {
  handler: Handler;
  onListen?: (address: StandInAddress) => void;
}

interface StandInAddress {
  transport: "tcp";
  hostname: string;
  port: number;
}

interface ServeOptions {
  handler?: unknown;
  onListen?: unknown;
  onError?: unknown;
}

/**
 * Reads the arguments of `Deno.serve` in its three forms: a handler; options and a handler; options with a handler.
 * Ignores port and host name, as Supabase does. Throws a TypeError when there is no handler.
 * Source: https://docs.deno.com/api/deno/~/Deno.serve
 */
export function readServeArguments(given: unknown[]): ServeArguments {
  const options: ServeOptions = given.find((each) => typeof each === "object" && each !== null) ??
    {};
  const handler = given.find(isFunction) ?? options.handler;
  if (!isFunction(handler)) throw new TypeError("Deno.serve needs a handler");
  const { onError, onListen } = options;
  return {
    handler: isFunction(onError) ? catching(handler, onError) : handler,
    onListen: isFunction(onListen) ? onListen : undefined,
  };
}

/** Creates the server object that `Deno.serve` returns. It never finishes: only the supervisor ends the process. */
export function standInServer() {
  const addr: StandInAddress = { transport: "tcp", hostname: "127.0.0.1", port: 0 };
  const end = () => Promise.resolve();
  return {
    addr,
    finished: new Promise<void>(() => {}),
    ref() {},
    unref() {},
    shutdown: end,
    [Symbol.asyncDispose]: end,
  };
}

function catching(handler: Handler, onError: Handler): Handler {
  return async (request, info) => {
    try {
      return await handler(request, info);
    } catch (error) {
      return await answerError(onError, error);
    }
  };
}

/** Calls `onError` with the error alone, as Deno does. */
function answerError(
  onError: (...given: never[]) => Response | Promise<Response>,
  error: unknown,
): Response | Promise<Response> {
  return Reflect.apply(onError, undefined, [error]);
}

/** Only the call itself can show whether the arguments and the result have the right types. */
function isFunction(value: unknown): value is (...given: unknown[]) => Response {
  return typeof value === "function";
}
