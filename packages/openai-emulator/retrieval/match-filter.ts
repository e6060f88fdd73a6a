import * as z from "zod";

const Scalar = z.union([z.string(), z.number(), z.boolean()]);

const List = z.array(z.union([z.string(), z.number()]));

const Comparison = z.object({
  type: z.enum(["eq", "ne", "gt", "gte", "lt", "lte", "in", "nin"]),
  key: z.string(),
  value: z.union([Scalar, List]),
}).refine(({ type, value }) => Array.isArray(value) === (type === "in" || type === "nin"), {
  path: ["value"],
  message: "only 'in' and 'nin' compare with an array.",
});
type Comparison = z.infer<typeof Comparison>;

const Compound = z.object({
  type: z.enum(["and", "or"]),
  get filters(): z.ZodArray<z.ZodUnion<[typeof Comparison, typeof Compound]>> {
    return z.array(z.union([Comparison, Compound]));
  },
});

/** A condition on the attributes of a file (https://platform.openai.com/docs/guides/retrieval#attribute-filtering). */
export const AttributeFilter = z.union([Comparison, Compound]);
export type AttributeFilter = z.infer<typeof AttributeFilter>;

/** Key-value pairs that a client attaches to a file in a store. */
export type Attributes = Record<string, string | number | boolean>;

/** Returns whether `attributes` satisfy `filter`. */
export function matchFilter(filter: AttributeFilter, attributes: Attributes): boolean {
  if (!("filters" in filter)) return compare(filter, attributes[filter.key]);
  const matches = (inner: AttributeFilter) => matchFilter(inner, attributes);
  return filter.type === "and" ? filter.filters.every(matches) : filter.filters.some(matches);
}

function compare({ type, value }: Comparison, actual: Attributes[string] | undefined): boolean {
  const values = Array.isArray(value) ? value : [value];
  const isOneOf = values.some((wanted) => wanted === actual);
  if (type === "eq" || type === "in") return isOneOf;
  if (type === "ne" || type === "nin") return !isOneOf;
  const [wanted] = values;
  if (typeof actual !== "number" || typeof wanted !== "number") return false;
  if (type === "gt") return actual > wanted;
  if (type === "gte") return actual >= wanted;
  return type === "lt" ? actual < wanted : actual <= wanted;
}
