import type { HonoRequest, MiddlewareHandler } from "hono";
import { recordRequests } from "@parley/emulator-kit/record-requests.ts";
import { ApiError } from "./api-error.ts";
import type { EmulatorEnv } from "./emulator-env.ts";
import { expireOnTime } from "../files/expire-on-time.ts";
import { failRequest } from "./fail-request.ts";
import { newId } from "../new-id.ts";
import type { EmulatorState } from "../state.ts";

type Middleware = MiddlewareHandler<EmulatorEnv>;

/** Adds an `x-request-id` to every HTTP response. */
export const nameRequest: Middleware = async (c, next) => {
  await next();
  c.res.headers.set("x-request-id", newId("req"));
};

/** Refuses a request without a key; every key is accepted. */
export const requireKey: Middleware = async (c, next) => {
  if (!/^Bearer \S/.test(c.req.header("authorization") ?? "")) {
    throw new ApiError(401, "Missing bearer authentication in header");
  }
  await next();
};

/** Logs every request except commands, and the status of its HTTP response. */
export function recordRequest({ requests }: EmulatorState): Middleware {
  return recordRequests(requests, ({ req }) => readJson(req));
}

/** Expires files and vector stores before each request. */
export function keepTime(state: EmulatorState): Middleware {
  return async (_, next) => {
    await expireOnTime(state);
    await next();
  };
}

/** Fails a request if the behaviour or its scenario commands it. */
export function failOnCommand({ behaviour }: EmulatorState): Middleware {
  return async (c, next) => {
    const failure = behaviour.takeFailure(c.req.path);
    if (failure) throw failRequest(failure);
    behaviour.scenario().admit(c.req);
    await next();
  };
}

async function readJson(request: HonoRequest): Promise<unknown> {
  if (!request.header("content-type")?.includes("json")) return null;
  try {
    return JSON.parse(await request.text());
  } catch {
    return null;
  }
}
