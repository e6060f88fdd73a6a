import type { MiddlewareHandler } from "hono";
import { ApiError, toErrorResponse } from "./api-error.ts";
import type { EmulatorEnv } from "./emulator-env.ts";
import type { IdempotentRequest } from "./idempotency-store.ts";
import type { EmulatorState } from "../state.ts";

/** Responds to a POST with a repeated key as to the first one (https://docs.stripe.com/api/idempotent_requests). */
export function honourIdempotencyKeys({ idempotency, changed }: EmulatorState) {
  const middleware: MiddlewareHandler<EmulatorEnv> = async (c, next) => {
    const key = c.req.header("idempotency-key");
    if (!key || c.req.method !== "POST") return await next();
    const request = { key, path: c.req.path, params: JSON.stringify(c.var.params), reply: null };
    const earlier = idempotency.get(key);
    if (earlier) return replay(earlier, request);
    idempotency.add(request);
    await next();
    c.res.headers.set("idempotency-key", key);
    if (isKept(c.res.status)) {
      const body = await c.res.clone().text();
      const requestId = c.var.origin.id ?? "";
      idempotency.add({ ...request, reply: { status: c.res.status, body, requestId } });
      changed();
    } else {
      idempotency.forget(key);
    }
  };
  return middleware;
}

/** Returns whether Stripe stores a response. It forgets refusals from before the request did anything. */
function isKept(status: number): boolean {
  return status < 400 || status === 402;
}

function replay(earlier: IdempotentRequest, { key, path, params }: IdempotentRequest): Response {
  if (earlier.path !== path) {
    return refuse(
      400,
      "Keys for idempotent requests can only be used for the same endpoint they were first used " +
        `for ('${path}' vs '${earlier.path}'). Try using a key other than '${key}' if you meant ` +
        "to execute a different request.",
    );
  }
  if (earlier.params !== params) {
    return refuse(
      400,
      "Keys for idempotent requests can only be used with the same parameters they were first " +
        `used with. Try using a key other than '${key}' if you meant to execute a different ` +
        "request.",
    );
  }
  if (!earlier.reply) {
    return refuse(
      409,
      "There is currently another in-progress request using this Idempotent Key (that probably " +
        `means you submitted twice, and the other request is still going through): ${key}.`,
      "idempotency_key_in_use",
    );
  }
  const { status, body, requestId } = earlier.reply;
  const headers = {
    "content-type": "application/json",
    "idempotency-key": key,
    "idempotent-replayed": "true",
    "original-request": requestId,
  };
  return new Response(body, { status, headers });
}

function refuse(status: number, message: string, code?: string): Response {
  return toErrorResponse(new ApiError(status, message, { type: "idempotency_error", code }));
}
