import { invalid } from "./api-error.ts";
import { findAny } from "./find-objects.ts";
import { includeProperty } from "./include-property.ts";
import { isJsonObject, type Json, type JsonObject, toJson } from "../json.ts";
import type { EmulatorState } from "../state.ts";

const MAX_LEVELS = 4;
/** The number of entries that a list within an object has at most. Its own route returns the others. */
const MAX_NESTED = 10;

/**
 * Returns `object` as Stripe sends it, with the references on `paths` replaced by their objects
 * (https://docs.stripe.com/expand). Throws Stripe's 400 if a path is too deep or leads to no object.
 */
export function expandObject(
  state: EmulatorState,
  object: object,
  paths: readonly string[],
): JsonObject {
  const root = toJson(object);
  checkDepth(paths);
  for (const path of paths) expandPath(state, root, path.split("."), path);
  for (const value of Object.values(root)) cutLists(value);
  return root;
}

/** Cuts every list within `value` to its first page, as Stripe does. */
function cutLists(value: Json | undefined): void {
  if (Array.isArray(value)) return value.forEach(cutLists);
  if (!isJsonObject(value)) return;
  if (value.object === "list" && Array.isArray(value.data) && value.data.length > MAX_NESTED) {
    value.data = value.data.slice(0, MAX_NESTED);
    value.has_more = true;
  }
  Object.values(value).forEach(cutLists);
}

/** Throws Stripe's 400 if one of the paths is too deep; the `data` of a list counts as a level. */
export function checkDepth(paths: readonly string[]): void {
  const path = paths.find((path) => path.split(".").length > MAX_LEVELS);
  if (path === undefined) return;
  throw invalid(
    `You cannot expand more than ${MAX_LEVELS} levels of a property. Property: ${path}`,
    "expand",
    "property_expansion_max_depth",
  );
}

function expandPath(
  state: EmulatorState,
  node: JsonObject,
  [key = "", ...rest]: string[],
  path: string,
): void {
  const value = node[key] ?? includeProperty(state, node, key);
  if (value === undefined) throw notExpandable(path);
  const expanded = expandValue(state, value, path);
  node[key] = expanded;
  if (rest.length === 0) return;
  for (const child of Array.isArray(expanded) ? expanded : [expanded]) {
    if (isJsonObject(child)) expandPath(state, child, rest, path);
  }
}

function expandValue(state: EmulatorState, value: Json, path: string): Json {
  if (Array.isArray(value)) return value.map((entry) => expandValue(state, entry, path));
  if (value === null || isJsonObject(value)) return value;
  const object = findAny(state, String(value));
  if (!object) throw notExpandable(path);
  return toJson(object);
}

function notExpandable(path: string) {
  return invalid(`This property cannot be expanded (${path}).`, "expand");
}
