import * as z from "zod";

/** A text that must not be empty. */
export const Text = z.string().min(1);

/** A text; an empty one removes the value. */
export const Unsettable = z.string().transform((text) => text === "" ? null : text);

/** `true` or `false`. */
export const Flag = z.enum(["true", "false"]).transform((text) => text === "true");

/** A whole number from 0. */
export const Count = z.string().regex(/^\d+$/, "must be a non-negative integer").transform(Number);

/** Metadata to set. An empty value removes its key; an empty string removes all keys. */
export const MetadataParam = z.union([z.literal(""), z.record(z.string(), z.string())]);
export type MetadataParam = z.infer<typeof MetadataParam>;

/** A time or a range of times, in seconds. */
export const TimeFilter = z.union([
  Count,
  z.strictObject({
    gt: Count.optional(),
    gte: Count.optional(),
    lt: Count.optional(),
    lte: Count.optional(),
  }),
]);
export type TimeFilter = z.infer<typeof TimeFilter>;

/** Paths of references to replace with their objects in the response. */
export const Expand = z.array(Text).default([]);

/** The parameters of every list (https://docs.stripe.com/api/pagination). */
export const LIST_PARAMS = {
  limit: Count.pipe(z.number().min(1).max(100)).default(10),
  starting_after: Text.optional(),
  ending_before: Text.optional(),
  expand: Expand,
};

/** Returns `metadata` after `change`. */
export function mergeMetadata(
  metadata: Record<string, string>,
  change: MetadataParam | undefined,
): Record<string, string> {
  if (change === undefined) return metadata;
  if (change === "") return {};
  const merged = { ...metadata, ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ""));
}

/** Returns whether `time` is within `filter`. */
export function isWithin(time: number, filter: TimeFilter | undefined): boolean {
  if (filter === undefined) return true;
  if (typeof filter === "number") return time === filter;
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = filter;
  return time > gt && time >= gte && time < lt && time <= lte;
}
