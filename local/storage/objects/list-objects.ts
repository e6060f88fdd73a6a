import type { PoolClient } from "pg";
import * as z from "zod";
import type { ObjectMetadata } from "./objects.ts";

/** A list has this many entries at most. */
const MAX_LISTED = 1_500;

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
 * Lists the files and folders in one folder that the actor may see. `search` limits both to names that start with it.
 * By name, files and folders are mixed and their case is ignored. By a time, folders come first. `prefix` and `search`
 * ignore case, too. Source: `storage.search` of
 * https://github.com/supabase/storage/blob/master/migrations/tenant/0063-fix-search-name-relative-to-prefix.sql
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
       where bucket_id = $1 and starts_with(lower(name), lower($2 || $3))
     ), entries as (
       select rest as name, lower(rest) as place, id, created_at, updated_at, last_accessed_at, metadata
       from found
       where position('/' in rest) = 0
       union all
       select min(split_part(rest, '/', 1)), lower(split_part(rest, '/', 1)) || '/', null::uuid, null::timestamptz,
         null::timestamptz, null::timestamptz, null::jsonb
       from found
       where position('/' in rest) > 0
       group by 2
     )
     select name, id, created_at, updated_at, last_accessed_at, metadata
     from entries
     order by ${orderBy(sortBy)}
     limit least($4::integer, ${MAX_LISTED}) offset $5`,
    [bucketId, folder, search, limit, offset],
  );
  return rows;
}

function orderBy({ column, order }: Listing["sortBy"]): string {
  const byName = `place collate "C" ${order}`;
  return column === "name" ? byName : `id is not null, ${column} ${order}, ${byName}`;
}
