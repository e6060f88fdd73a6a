import type { MiddlewareHandler } from "hono";
import { recordRequests } from "@parley/emulator-kit/record-requests.ts";
import Stripe from "stripe";
import { ApiError, invalid } from "./api-error.ts";
import type { EmulatorEnv } from "./emulator-env.ts";
import { failRequest, limitRequest } from "./fail-request.ts";
import { newId } from "../new-id.ts";
import { readParams } from "./parse-request.ts";
import type { EmulatorState } from "../state.ts";

const SECOND_MS = 1_000;

type Middleware = MiddlewareHandler<EmulatorEnv>;

/** Reads the query and the form, and gives every request an id, which the HTTP response carries in `request-id`. */
export const nameRequest: Middleware = async (c, next) => {
  const id = newId("req");
  c.set("origin", { id, idempotency_key: c.req.header("idempotency-key") ?? null });
  c.set("params", await readParams(c.req));
  await next();
  c.res.headers.set("request-id", id);
  c.res.headers.set("stripe-version", Stripe.API_VERSION);
};

/** Refuses a request without a secret test key; every test key is accepted. */
export const requireKey: Middleware = async (c, next) => {
  const [scheme, credentials = ""] = (c.req.header("authorization") ?? "").split(" ");
  const key = scheme === "Basic" ? readBasic(credentials) : credentials;
  if (key === "") {
    throw new ApiError(
      401,
      "You did not provide an API key. You need to provide your API key in the Authorization " +
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  // Refuses live keys, because their owner has mistaken the emulator for Stripe.
  if (!/^[sr]k_(?!live)/.test(key)) {
    throw new ApiError(401, `Invalid API Key provided: ${key.slice(0, 7)}****`);
  }
  await next();
};

/** Refuses every API version except the one that the emulator implements. */
export const requireVersion: Middleware = async (c, next) => {
  const version = c.req.header("stripe-version") ?? Stripe.API_VERSION;
  if (version !== Stripe.API_VERSION) {
    throw invalid(`The emulator supports API version ${Stripe.API_VERSION} only, not ${version}.`);
  }
  await next();
};

/** Logs every request except commands, and the status of its HTTP response. */
export function recordRequest({ requests }: EmulatorState): Middleware {
  return recordRequests(requests, (c) => c.req.method === "GET" ? null : c.var.params);
}

/** Fails a request if the behaviour commands it, either before it is carried out or in place of its HTTP response. */
export function failOnCommand({ behaviour }: EmulatorState): Middleware {
  return async (c, next) => {
    const failure = behaviour.takeFailure(c.req.path);
    if (!failure || failure.lose_reply) await next();
    if (failure) throw failRequest(failure);
  };
}

/** Refuses a request above the rate limit that the behaviour commands. Refused requests do not count. */
export function limitOnCommand({ behaviour }: EmulatorState): Middleware {
  let admitted: number[] = [];
  return async (_, next) => {
    const { rate_limit = Infinity } = behaviour.get();
    const now = performance.now();
    admitted = admitted.filter((at) => at > now - SECOND_MS);
    if (admitted.length >= rate_limit) throw limitRequest();
    if (rate_limit < Infinity) admitted.push(now);
    await next();
  };
}

/** Delays a request if the behaviour commands it. */
export function delayOnCommand({ behaviour }: EmulatorState): Middleware {
  return async (_, next) => {
    const { delay_ms } = behaviour.get();
    if (delay_ms) await new Promise((resolve) => setTimeout(resolve, delay_ms));
    await next();
  };
}

function readBasic(credentials: string): string {
  try {
    return atob(credentials).split(":")[0] ?? "";
  } catch {
    return "";
  }
}
