import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { FunctionEnv, RequestFacts } from "./context.ts";
import { describeError, type Log } from "./log.ts";

/**
 * Writes one line for each request when its reply begins: `info`, `warn` for a refusal, or `error` for a failure. The
 * route is the pattern, never the path. `ms` is the time in milliseconds until the reply's headers.
 */
export function logRequests(log: Log): MiddlewareHandler<FunctionEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    const facts: RequestFacts = {};
    c.set("facts", facts);
    await next();
    const { status } = c.res;
    const level = status >= 500 ? "error" : status >= 400 ? "warn" : "info";
    log[level]("request", {
      request_id: c.var.requestId,
      method: c.req.method,
      route: matchedRoutes(c).find(({ method }) => method === c.req.method)?.path ?? null,
      status,
      ms: Math.round(performance.now() - startedAt),
      auth_id: c.var.supabaseContext?.userClaims?.id,
      ...facts,
      ...(status >= 500 && c.error && describeError(c.error)),
    });
  };
}
