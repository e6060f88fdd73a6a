import { AuthError, type SupabaseContext } from "@supabase/server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import type { Database } from "../../types/database.ts";
import { AppError } from "./errors.ts";
import { describeError, type Log } from "./log.ts";

/** Variables that the shared middleware and `withSupabase` set. */
export interface FunctionEnv {
  Variables: { requestId: string; supabaseContext: SupabaseContext<Database> };
}

/** What every function is made from. */
export interface FunctionOptions {
  /** The folder's name: the first segment of every path. */
  name: string;
  log: Log;
  /** The function reads multipart forms as they come, and limits them itself; all other bodies are short. */
  streamsForms?: boolean;
}

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DRAINED_BYTES = 64 * 1024 * 1024;
const EXPOSED_HEADERS = ["x-request-id", "retry-after", "x-vercel-ai-ui-message-stream"];

/** A Hono app with what all functions share: request ids, CORS, limits, and one way out for errors. */
export function createFunction(
  { name, log, streamsForms = false }: FunctionOptions,
): Hono<FunctionEnv> {
  const app = new Hono<FunctionEnv>().basePath(`/${name}`);
  app.use(requestId());
  app.use(cors({ origin: "*", exposeHeaders: EXPOSED_HEADERS, maxAge: 600 }));
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  const limit = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseBody });
  // It holds a body without a content-length whole.
  app.use((c, next) => streamsForms && isForm(c) ? next() : limit(c, next));
  app.notFound((c) => answerError(c, new AppError("not_found")));
  app.onError((error, c) => {
    const known = toAppError(error);
    if (known.status >= 500) {
      log.error("request_failed", {
        request_id: c.var.requestId,
        ...describeError(known.cause ?? error),
      });
    }
    return answerError(c, known);
  });
  return app;
}

/** True for a body that is a multipart form. */
export function isForm(c: Context): boolean {
  return /^multipart\/form-data\b/i.test(c.req.header("content-type") ?? "");
}

/** The JSON body of a request. Throws `invalid_json`. */
export async function readJson(c: Context<FunctionEnv>): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError("invalid_json", { cause });
  }
}

function answerError(c: Context<FunctionEnv>, error: AppError): Response {
  if (error.retryAfter !== undefined) c.header("retry-after", String(Math.ceil(error.retryAfter)));
  return c.json(error.toReply(), error.status, { "x-request-id": c.var.requestId });
}

function refuseMethod(c: Context<FunctionEnv>, methods: string[]): Response {
  c.header("allow", methods.join(", "));
  return answerError(c, new AppError("method_not_allowed"));
}

/** A client that is still sending sees the refusal only when what it sends is taken off the line. */
async function refuseBody(c: Context<FunctionEnv>): Promise<never> {
  const { body } = c.req.raw;
  let left = MAX_DRAINED_BYTES;
  // A body of unknown length is being read already.
  if (body && !body.locked) {
    for await (const chunk of body) {
      left -= chunk.byteLength;
      if (left < 0) break;
    }
  }
  throw new AppError("payload_too_large");
}

/** Refusals of `@supabase/server` say why in `details`, and leave in the same envelope as all others. */
function toAppError(error: Error): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof HTTPException && error.cause instanceof AuthError && error.status < 500) {
    return new AppError("unauthorized", { details: { reason: error.cause.code }, cause: error });
  }
  return new AppError("internal", { cause: error });
}
