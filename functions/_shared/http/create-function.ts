import { type Context, Hono } from "hono";
import { env } from "hono/adapter";
import { bodyLimit } from "hono/body-limit";
import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { requestId } from "hono/request-id";
import type * as z from "zod";
import { describeIssue } from "../../../types/describe-issue.ts";
import { isAllowedOrigin } from "./allowed-origins.ts";
import type { FunctionEnv } from "./context.ts";
import { AppError } from "./errors.ts";
import { BODY_TIME, limitBodyTime, partOf } from "./limit-body-time.ts";
import type { Log } from "./log.ts";
import { logRequests } from "./log-requests.ts";
import { confirmOutdated } from "./outdated.ts";
import { toAppError } from "./to-app-error.ts";

/** The options of an edge function. */
export interface FunctionOptions {
  /** The name of its folder, which is the first segment of every path. */
  name: string;
  log: Log;
  /** True if the function reads multipart forms as streams and limits them itself. All other bodies are short. */
  streamsForms?: boolean;
}

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DRAINED_BYTES = 64 * 1024 * 1024;
const EXPOSED_HEADERS = ["x-request-id", "retry-after", "x-vercel-ai-ui-message-stream"];

/** Creates the Hono app of a function with request ids, CORS, limits, a request log and error replies. */
export function createFunction(
  { name, log, streamsForms = false }: FunctionOptions,
): Hono<FunctionEnv> {
  const app = new Hono<FunctionEnv>().basePath(`/${name}`);
  app.use(requestId(), logRequests(log));
  app.use(cors({ origin: allowOrigin, exposeHeaders: EXPOSED_HEADERS, maxAge: 600 }));
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  app.use((c, next) => {
    const time = streamsForms && isForm(c) ? BODY_TIME.form : BODY_TIME.short;
    const { PARLEY_BODY_TIME_PART } = env<{ PARLEY_BODY_TIME_PART?: string }>(c);
    c.req.raw = limitBodyTime(c.req.raw, partOf(time, PARLEY_BODY_TIME_PART));
    return next();
  });
  const limit = bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseBody });
  // The limit would hold a form without a content-length in memory as a whole.
  app.use((c, next) => streamsForms && isForm(c) ? next() : limit(c, next));
  app.notFound((c) => answerError(c, new AppError("not_found")));
  app.onError(async (error, c) => {
    const answer = toAppError(error);
    const isOther = answer.code === "database_outdated" && !await confirmOutdated(c, log);
    return answerError(c, isOther ? new AppError("internal", { cause: error }) : answer);
  });
  return app;
}

/** Lets only pages of the app's origins read replies. A second safeguard, since no function uses cookies. */
function allowOrigin(origin: string, c: Context): string | null {
  const { PARLEY_ALLOWED_ORIGINS = "" } = env<{ PARLEY_ALLOWED_ORIGINS?: string }>(c);
  return isAllowedOrigin(PARLEY_ALLOWED_ORIGINS, origin) ? origin : null;
}

/** Returns true for a body that is a multipart form. */
export function isForm(c: Context): boolean {
  return /^multipart\/form-data\b/i.test(c.req.header("content-type") ?? "");
}

/** Parses a body with a schema. Throws `invalid_request`, whose details name the fields. */
export function parseBody<Shape>(shape: z.ZodType<Shape>, body: unknown): Shape {
  const parsed = shape.safeParse(body, { error: describeIssue });
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error);
}

/**
 * Returns the refusal of a body that was parsed with `describeIssue`. Its message is the first sentence, and its
 * details have a path, a code and a sentence for each field.
 */
export function invalidRequest({ issues }: z.ZodError): AppError {
  const details = issues.map(({ path, code, message }) => ({
    path: path.join("."),
    code,
    message,
  }));
  return new AppError("invalid_request", {
    message: details[0]?.message,
    details: { issues: details },
  });
}

/** Reads the JSON body of a request. Throws `invalid_json`. */
export async function readJson(c: Context<FunctionEnv>): Promise<unknown> {
  try {
    return await c.req.json();
  } catch (cause) {
    throw cause instanceof AppError ? cause : new AppError("invalid_json", { cause });
  }
}

function answerError(c: Context<FunctionEnv>, error: AppError): Response {
  if (error.retryAfter !== undefined) c.header("retry-after", String(Math.ceil(error.retryAfter)));
  c.var.facts.code = error.code;
  return c.json(error.toReply(), error.status, { "x-request-id": c.var.requestId });
}

function refuseMethod(c: Context<FunctionEnv>, methods: string[]): Response {
  c.header("allow", methods.join(", "));
  return answerError(c, new AppError("method_not_allowed"));
}

/** Reads the rest of a body before refusing it: a client that is still sending would not see the refusal. */
async function refuseBody(c: Context<FunctionEnv>): Promise<never> {
  const { body } = c.req.raw;
  let left = MAX_DRAINED_BYTES;
  // A locked body has no known length, and the limit is already reading it.
  if (body && !body.locked) {
    try {
      for await (const chunk of body) {
        left -= chunk.byteLength;
        if (left < 0) break;
      }
    } catch {
      // The client is too slow or has disconnected.
    }
  }
  throw new AppError("payload_too_large");
}
