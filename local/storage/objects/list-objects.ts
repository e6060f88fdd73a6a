import type { PoolClient } from "pg";
import { z } from "zod";
import type { ObjectMetadata } from "./objects.ts";

/** The options of a list of one folder. */
export const Listing = z.object({
  prefix: z.string().default(""),
  limit: z.number().int().positive().default(100),
  offset: z.number().int().nonnegative().default(0),
  search: z.string().default(""),
  sortBy: z.object({
    column: z.enum(["name", "updated_at", "created_at", "last_accessed_at"]).default("name"),
    order: z.enum(["asc", "desc"]).default("asc"),
  }).prefault({}),
});
export type Listing = z.infer<typeof Listing>;

/** A file in a folder, or a folder in it. A folder has only a name; everything else is null. */
export interface ListEntry {
  name: string;
  id: string | null;
  created_at: Date | null;
  updated_at: Date | null;
  last_accessed_at: Date | null;
  metadata: ObjectMetadata | null;
}

/**
 * Lists the objects in one folder that the actor may see: folders first, then files. `search` limits both to names
 * that start with it.
 */
export async function listObjects(
  db: PoolClient,
  bucketId: string,
  { prefix, limit, offset, search, sortBy }: Listing,
): Promise<ListEntry[]> {
  const folder = prefix === "" || prefix.endsWith("/") ? prefix : `${prefix}/`;
  const { rows } = await db.query<ListEntry>(
    `with found as (
       select *, substr(name, length($2) + 1) as rest
       from storage.objects
       where bucket_id = $1 and starts_with(name, $2)
     ), entries as (
       select rest as name, id, created_at, updated_at, last_accessed_at, metadata
       from found
       where position('/' in rest) = 0
       union all
       select distinct split_part(rest, '/', 1), null::uuid, null::timestamptz, null::timestamptz,
         null::timestamptz, null::jsonb
       from found
       where position('/' in rest) > 0
     )
     select *
     from entries
     where starts_with(lower(name), lower($3))
     order by id is not null, ${sortBy.column} ${sortBy.order}, name ${sortBy.order}
     limit $4 offset $5`,
    [bucketId, folder, search, limit, offset],
  );
  return rows;
}
