/** Answers one request; `info` is Deno's, with the address of the caller. */
export type Handler = (request: Request, info: unknown) => Response | Promise<Response>;

/** What `Deno.serve` was told. */
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
 * Reads the three forms of `Deno.serve`: a handler, options and a handler, options with a handler. Port and host
 * name are ignored, as on Supabase. Throws a TypeError when no handler is given.
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

/** Makes what `Deno.serve` returns. It never ends: the process serves until the supervisor ends it. */
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

/** Deno calls `onError` with the error alone. */
function answerError(
  onError: (...given: never[]) => Response | Promise<Response>,
  error: unknown,
): Response | Promise<Response> {
  return Reflect.apply(onError, undefined, [error]);
}

/** What a function takes and gives is proven only by calling it. */
function isFunction(value: unknown): value is (...given: unknown[]) => Response {
  return typeof value === "function";
}
