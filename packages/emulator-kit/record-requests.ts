import type { RequestLog } from "./request-log.ts";

/** The part of Hono's context that the log needs. */
interface Exchange {
  readonly req: { readonly method: string; readonly path: string; readonly url: string };
  readonly res: { readonly status: number };
}

/** Logs every request except commands, with the body from `readBody` and the status of its HTTP response. */
export function recordRequests<Context extends Exchange>(
  requests: RequestLog,
  readBody: (c: Context) => unknown,
) {
  return async (c: Context, next: () => Promise<void>): Promise<void> => {
    if (c.req.path.startsWith("/_emulator/")) return await next();
    const { pathname, search } = new URL(c.req.url);
    const body = await readBody(c);
    const entry = requests.add({ method: c.req.method, path: pathname + search, body });
    await next();
    entry.status = c.res.status;
  };
}
