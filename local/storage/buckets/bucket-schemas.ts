import * as z from "zod";
import { StorageError } from "../http/storage-error.ts";

/** The largest file of a project: the CLI's default for `[storage] file_size_limit`. Hosted projects can raise it. */
export const GLOBAL_SIZE_LIMIT = 50 * 1024 * 1024;

const UNITS = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9 } as const;

const SizeLimit = z.union([z.number().int().nonnegative(), z.string().transform(parseSize)])
  .transform(withinGlobalLimit);

const MimeType = z.string().max(1000)
  .regex(/^([\w.+-]+|\*)\/([\w.+-]+|\*)(;\s*charset=[\w-]+)?$/, { error: "no mime type" });

const settings = {
  public: z.boolean().optional(),
  file_size_limit: SizeLimit.nullish(),
  allowed_mime_types: z.array(MimeType).nullish(),
};

/** The settings of a bucket that a client may change. Omitted ones keep their values. */
export const BucketSettings = z.object(settings);
export type BucketSettings = z.infer<typeof BucketSettings>;

/** A new bucket. */
export const NewBucket = z.object({
  id: z.string().optional(),
  name: z.string(),
  ...settings,
});
export type NewBucket = z.infer<typeof NewBucket>;

/** The options of a list of buckets, from the query string. */
export const BucketListing = z.object({
  limit: z.coerce.number().int().positive().default(100),
  offset: z.coerce.number().int().nonnegative().default(0),
  search: z.string().default(""),
  sortColumn: z.enum(["id", "name", "created_at", "updated_at"]).default("name"),
  sortOrder: z.enum(["asc", "desc"]).default("asc"),
});
export type BucketListing = z.infer<typeof BucketListing>;

/**
 * Returns true when a bucket accepts files of a type. As on Supabase, parameters and case count: `text/plain` does not
 * allow `text/plain;charset=utf-8`. Text after a second slash does not count.
 * Source: https://github.com/supabase/storage/blob/master/src/storage/uploader.ts (`validateMimeType`)
 */
export function allowsType(allowed: string[] | null, mimetype: string): boolean {
  if (!allowed || allowed.length === 0) return true;
  const [type, subtype] = mimetype.split("/");
  return subtype !== undefined && allowed.map((each) => each.split("/")).some(
    ([allowedType, allowedSubtype]) =>
      allowedType === type && (allowedSubtype === "*" || allowedSubtype === subtype),
  );
}

function withinGlobalLimit(bytes: number): number {
  if (bytes > GLOBAL_SIZE_LIMIT) throw new StorageError("EntityTooLarge");
  return bytes;
}

/** Parses a size in decimal units, as Supabase Storage does. Throws `InvalidRequest`. */
function parseSize(text: string): number {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)\s*([kmg]?b)$/i.exec(text) ?? [];
  const factor = Object.entries(UNITS).find(([name]) => name === unit.toLowerCase())?.[1];
  if (!amount || !factor) {
    throw new StorageError(
      "InvalidRequest",
      "Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B",
    );
  }
  return Math.floor(Number(amount) * factor);
}
