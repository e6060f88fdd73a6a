import * as z from "zod";
import { invalid } from "../http/api-error.ts";
import { buildForCommand } from "./control-builders.ts";
import { eventsOfChange, eventsOfCreation } from "./control-events.ts";
import { deleteCustomer } from "../objects/delete-customer.ts";
import { openDispute } from "../objects/dispute.ts";
import { findObject } from "../http/find-objects.ts";
import { type JsonObject, toJson } from "../json.ts";
import {
  type DeletedObject,
  isKind,
  type Kind,
  type ObjectKinds,
  type StripeObject,
} from "../kinds.ts";
import { mergeObject } from "../http/merge-object.ts";
import { parseInput } from "../http/parse-request.ts";
import { previousAttributes } from "../events/previous-attributes.ts";
import { createRefund, findCharge } from "../objects/refund.ts";
import { moveItems, periodOf, refreshPrice } from "../subscriptions/subscription-items.ts";
import type { WireEvent } from "../events/wire-event.ts";
import { remove, type Work } from "../work.ts";

/** A command to create, change or delete an object. `events` replaces the events that Stripe would send. */
export const ObjectCommand = z.looseObject({
  object: z.string().refine(isKind, "must be a kind of object that the emulator stores"),
  id: z.string().min(1).optional(),
  deleted: z.boolean().optional(),
  events: z.array(z.custom<WireEvent["type"]>((type) => typeof type === "string")).optional(),
});
export type ObjectCommand = z.infer<typeof ObjectCommand>;

const ReversalFields = z.strictObject({
  id: z.string().optional(),
  amount: z.number().int().optional(),
  charge: z.string().optional(),
  metadata: z.record(z.string(), z.string()).optional(),
  payment_intent: z.string().optional(),
  reason: z.string().optional(),
  status: z.string().optional(),
});

/** Creates an object, changes it if its id exists, or deletes it. Then it sends the events that Stripe would send. */
export function commandObject(work: Work, command: ObjectCommand): StripeObject | DeletedObject {
  const { object: kind, id, deleted, events, ...fields } = command;
  if (!isKind(kind)) throw invalid(`The emulator stores no objects of kind ${kind}.`, "object");
  if (deleted) return deleteObject(work, kind, id ?? "");
  const isKnown = id !== undefined && work.state.objects[kind].has(id);
  return isKnown
    ? changeObject(work, kind, id, toJson(fields), events)
    : createObject(work, kind, id === undefined ? fields : { ...fields, id }, events);
}

function createObject(
  work: Work,
  kind: Kind,
  fields: object,
  events?: readonly WireEvent["type"][],
): StripeObject {
  const built = buildForCommand(work.state, kind, fields);
  if (!built) return reverse(work, kind, fields);
  const { items: _, recurring: __, ...rest } = toJson(fields);
  const object = put(work, kind, mergeCommand(built, rest));
  announceAll(work, object, events ?? eventsOfCreation(kind, statusOf(object)));
  return object;
}

function changeObject(
  work: Work,
  kind: Kind,
  id: string,
  fields: JsonObject,
  events?: readonly WireEvent["type"][],
): StripeObject {
  const before = findObject(work.state, kind, id);
  const object = put(work, kind, mergeCommand(before, fields));
  if (object.object === "price") refreshPrice(work, object);
  const changes = previousAttributes(before, object);
  const isChanged = Object.keys(changes).length > 0;
  const usual = isChanged ? eventsOfChange(kind, statusOf(before), statusOf(object)) : [];
  announceAll(work, object, events ?? usual, isChanged ? changes : undefined);
  return object;
}

/** Returns an object with the fields of a command. The emulator keeps the period of a subscription in its items. */
function mergeCommand(before: StripeObject, fields: JsonObject): JsonObject {
  if (before.object !== "subscription") return mergeObject(toJson(before), fields);
  const { current_period_start, current_period_end, ...rest } = fields;
  const { start, end } = periodOf(before);
  const items = moveItems(before, {
    start: Number(current_period_start ?? start),
    end: Number(current_period_end ?? end),
  });
  return mergeObject(toJson({ ...before, items }), rest);
}

/** Creates a refund or a dispute through its charge, as the API does. Throws a 400 for other kinds. */
function reverse(work: Work, kind: Kind, fields: object): StripeObject {
  if (kind === "refund") return createRefund(work, parseInput(fields, ReversalFields));
  if (kind !== "dispute") throw invalid(`A ${kind} cannot be created by a command.`, "object");
  const { charge, payment_intent, ...rest } = parseInput(fields, ReversalFields);
  return openDispute(work, findCharge(work, { charge, payment_intent }), rest);
}

function deleteObject(work: Work, kind: Kind, id: string): DeletedObject {
  if (kind === "customer") return deleteCustomer(work, id);
  if (kind === "product") return remove(work, kind, id, "product.deleted");
  if (kind === "price") return remove(work, kind, id, "price.deleted");
  throw invalid(`A ${kind} cannot be deleted by a command.`, "object");
}

function announceAll(
  work: Work,
  object: StripeObject,
  types: readonly WireEvent["type"][],
  previous?: JsonObject,
): void {
  for (const type of types) work.drafts.push({ type, object, previousAttributes: previous });
}

/** Stores an object. The command is responsible for its shape; it is not validated. */
function put<K extends Kind>(work: Work, kind: K, json: JsonObject): ObjectKinds[K] {
  const object = z.custom<ObjectKinds[K]>().parse(json);
  work.state.objects[kind].set(object.id, object);
  // An object that is made again is no longer deleted.
  work.state.deleted.delete(object.id);
  return object;
}

function statusOf(object: StripeObject): string | null {
  return "status" in object ? object.status : null;
}
