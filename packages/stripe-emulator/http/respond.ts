import type { Context } from "hono";
import * as z from "zod";
import type { EmulatorEnv } from "./emulator-env.ts";
import { checkDepth, expandObject } from "./expand-object.ts";
import { type PageParams, paginate } from "./paginate.ts";
import { Expand } from "./param-schemas.ts";
import { parseInput } from "./parse-request.ts";
import type { EmulatorState } from "../state.ts";
import { doWork, type Work } from "../work.ts";

type EmulatorContext = Context<EmulatorEnv>;

const ExpandOnly = z.strictObject({ expand: Expand });

/** Responds with `object`, expanded as the request asks. */
export function respond(state: EmulatorState, object: object, expand: readonly string[]): Response {
  return Response.json(expandObject(state, object, expand));
}

/** Responds to a request whose only parameter is `expand`. */
export function respondWith(c: EmulatorContext, state: EmulatorState, object: object): Response {
  return respond(state, object, parseInput(c.var.params, ExpandOnly).expand);
}

/** Responds with the page of `entries` (oldest first) for `params`. */
export function respondPage<Entry extends { id: string }>(
  c: EmulatorContext,
  state: EmulatorState,
  entries: readonly Entry[],
  params: PageParams & { expand: readonly string[] },
): Response {
  return respond(state, paginate(entries, params, c.req.path), params.expand);
}

/** Runs `task` with the request as the cause of its events, then responds with the result. */
export function respondToWork(
  c: EmulatorContext,
  state: EmulatorState,
  expand: readonly string[],
  task: (work: Work) => object,
): Response {
  checkDepth(expand);
  return respond(state, doWork(state, c.var.origin, task), expand);
}
