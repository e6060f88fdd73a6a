import { Hono } from "hono";
import * as z from "zod";
import { advanceSubscription } from "../subscriptions/advance-subscription.ts";
import { Behaviour } from "./behaviour.ts";
import { Choices } from "../checkout/choose.ts";
import { completeCheckout } from "../checkout/complete-checkout.ts";
import { commandObject, ObjectCommand } from "./control-objects.ts";
import { countRequests } from "./count-requests.ts";
import type { EventRecord } from "../events/delivery.ts";
import { openAppeal } from "../objects/dispute.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { KINDS } from "../kinds.ts";
import { parseCommand } from "../http/parse-request.ts";
import type { EmulatorState } from "../state.ts";
import { AUTOMATIC, doWork } from "../work.ts";
import { findEvent } from "../events/events-routes.ts";

const CompleteCommand = Choices.extend({ payment: z.enum(["succeeded", "failed"]).optional() });
const AdvanceCommand = z.strictObject({
  payment: z.enum(["succeeded", "failed", "requires_action"]).optional(),
});
const DeliverCommand = z.strictObject({
  times: z.number().int().min(1).max(100).default(1),
  older_api_version: z.boolean().default(false),
});
const DeliveryCommand = z.strictObject({ mode: z.enum(["auto", "hold"]) });

/** Returns the routes of `/_emulator`, where tests command the emulator and inspect its objects. */
export function controlRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .route("/behaviour", behaviourRoutes(state))
    .route("/events", deliveryRoutes(state))
    .get("/requests", (c) => c.json(state.requests.list()))
    .get("/requests/counts", (c) => {
      const since = c.req.query("since") ?? "";
      return c.json(countRequests(state.requests.list().filter(({ at }) => at >= since)));
    })
    .get("/objects", () => Response.json(listObjects(state)))
    .post("/objects", async (c) => {
      const command = await parseCommand(c.req, ObjectCommand);
      return Response.json(doWork(state, AUTOMATIC, (work) => commandObject(work, command)));
    })
    .put("/delivery", async (c) => {
      const { mode } = await parseCommand(c.req, DeliveryCommand);
      state.delivery.mode = mode;
      return c.json({ mode });
    })
    .post("/checkout_sessions/:id/complete", async (c) => {
      const { payment, ...choices } = await parseCommand(c.req, CompleteCommand);
      const id = c.req.param("id");
      const completed = doWork(
        state,
        AUTOMATIC,
        (work) => completeCheckout(work, id, payment, choices),
      );
      return Response.json(completed);
    })
    .post("/disputes/:id/appeal", (c) => {
      const id = c.req.param("id");
      return Response.json(doWork(state, AUTOMATIC, (work) => openAppeal(work, id)));
    })
    .post("/subscriptions/:id/advance", async (c) => {
      const { payment } = await parseCommand(c.req, AdvanceCommand);
      const id = c.req.param("id");
      const advanced = doWork(state, AUTOMATIC, (work) => advanceSubscription(work, id, payment));
      return Response.json(advanced);
    });
}

function behaviourRoutes({ behaviour }: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => c.json(behaviour.get()))
    .put("/", async (c) => {
      behaviour.set(await parseCommand(c.req, Behaviour));
      return c.json(behaviour.get());
    })
    .delete("/", (c) => {
      behaviour.set({});
      return c.json(behaviour.get());
    });
}

function deliveryRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", () => Response.json([...state.events.values()].map(describeRecord)))
    .post("/:id/deliver", async (c) => {
      const { times, older_api_version } = await parseCommand(c.req, DeliverCommand);
      const record = findEvent(state, c.req.param("id"));
      await state.delivery.deliver(record, { times, olderVersion: older_api_version });
      return Response.json(describeRecord(record));
    });
}

function describeRecord({ event, state, attempts, last_status }: EventRecord) {
  return { id: event.id, type: event.type, state, attempts, last_status, event };
}

function listObjects({ objects }: EmulatorState) {
  const kinds = Object.entries(KINDS);
  const tables = new Map(Object.entries(objects));
  return Object.fromEntries(kinds.map(([kind, { collection }]) => {
    return [collection, [...tables.get(kind)?.values() ?? []]];
  }));
}
