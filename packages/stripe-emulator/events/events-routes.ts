import { Hono } from "hono";
import * as z from "zod";
import { ApiError } from "../http/api-error.ts";
import type { EventRecord } from "./delivery.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { isWithin, LIST_PARAMS, Text, TimeFilter } from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import type { EmulatorState } from "../state.ts";
import type { WireEvent } from "./wire-event.ts";
import { respondPage, respondWith } from "../http/respond.ts";

const EventListParams = z.strictObject({
  ...LIST_PARAMS,
  created: TimeFilter.optional(),
  type: Text.optional(),
  types: z.array(Text).optional(),
});

/** Returns the routes of `/v1/events`, which are read-only. */
export function eventsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, EventListParams);
      const events = [...state.events.values()].map(describeEvent).filter(({ type, created }) =>
        (params.type ?? type) === type && (params.types?.includes(type) ?? true) &&
        isWithin(created, params.created)
      );
      return respondPage(c, state, events, params);
    })
    .get("/:id", (c) => {
      const id = c.req.param("id");
      return respondWith(c, state, describeEvent(findEvent(state, id)));
    });
}

/** Returns the event with that id; throws Stripe's 404 if it does not exist. */
export function findEvent({ events }: EmulatorState, id: string): EventRecord {
  const record = events.get(id);
  if (record) return record;
  throw new ApiError(404, `No such event: '${id}'`, { code: "resource_missing", param: "id" });
}

function describeEvent({ event, state }: EventRecord): WireEvent {
  const isWaiting = state === "pending" || state === "held";
  return { ...event, pending_webhooks: isWaiting ? 1 : 0 };
}
