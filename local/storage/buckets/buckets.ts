import pg, { type PoolClient } from "pg";
import type { BucketListing, BucketSettings, NewBucket } from "./bucket-schemas.ts";
import { requireBucketName } from "../objects/names.ts";
import { StorageError } from "../http/storage-error.ts";

/** A row of `storage.buckets`, in the form of the API. */
export interface Bucket {
  id: string;
  name: string;
  owner: string;
  public: boolean;
  /** In bytes; null applies only the project's limit. */
  file_size_limit: number | null;
  allowed_mime_types: string[] | null;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = `id, name, coalesce(owner_id, owner::text, '') as owner, public,
  file_size_limit::float8, allowed_mime_types, created_at, updated_at`;
const FOREIGN_KEY_VIOLATION = "23503";

/** Finds a bucket that the actor may see. Rejects with `NoSuchBucket`. */
export async function findBucket(db: PoolClient, id: string): Promise<Bucket> {
  const { rows: [bucket] } = await db.query<Bucket>(
    `select ${COLUMNS} from storage.buckets where id = $1`,
    [id],
  );
  if (!bucket) throw new StorageError("NoSuchBucket");
  return bucket;
}

/** Lists the buckets that the actor may see. */
export async function listBuckets(db: PoolClient, listing: BucketListing): Promise<Bucket[]> {
  const { rows } = await db.query<Bucket>(
    `select ${COLUMNS} from storage.buckets
     where position(lower($1) in lower(name)) > 0
     order by ${listing.sortColumn} ${listing.sortOrder}
     limit $2 offset $3`,
    [listing.search, listing.limit, listing.offset],
  );
  return rows;
}

/** Creates a bucket. Rejects with `BucketAlreadyExists`. */
export async function createBucket(
  db: PoolClient,
  bucket: NewBucket,
  ownerId: string | null,
): Promise<void> {
  const { rowCount } = await db.query(
    `insert into storage.buckets
       (id, name, owner, owner_id, public, file_size_limit, allowed_mime_types)
     values ($1, $2, $3::text::uuid, $3::text, $4, $5, $6)
     on conflict do nothing`,
    [
      requireBucketName(bucket.id ?? bucket.name),
      requireBucketName(bucket.name),
      ownerId,
      bucket.public ?? false,
      bucket.file_size_limit,
      bucket.allowed_mime_types,
    ],
  );
  if (rowCount === 0) throw new StorageError("BucketAlreadyExists");
}

/** Changes the given settings of a bucket. Rejects with `NoSuchBucket` when the actor may not change it. */
export async function updateBucket(
  db: PoolClient,
  id: string,
  settings: BucketSettings,
): Promise<void> {
  const changes = Object.entries(settings).filter(([, value]) => value !== undefined);
  // The column names come from the schema, not from the client.
  const assignments = changes.map(([column], index) => `${column} = $${index + 2}`);
  const { rowCount } = await db.query(
    `update storage.buckets set ${["updated_at = now()", ...assignments].join(", ")} where id = $1`,
    [id, ...changes.map(([, value]) => value)],
  );
  if (rowCount === 0) throw new StorageError("NoSuchBucket");
}

/** Deletes the rows of all objects that the actor may delete, and returns their versions. */
export async function emptyBucket(db: PoolClient, id: string): Promise<string[]> {
  await findBucket(db, id);
  const { rows } = await db.query<{ version: string | null }>(
    "delete from storage.objects where bucket_id = $1 returning version",
    [id],
  );
  return rows.flatMap(({ version }) => version ?? []);
}

/** Deletes an empty bucket. Rejects with `ResourceNotEmpty` or `NoSuchBucket`. */
export async function deleteBucket(db: PoolClient, id: string): Promise<void> {
  try {
    const { rowCount } = await db.query("delete from storage.buckets where id = $1", [id]);
    if (rowCount === 0) throw new StorageError("NoSuchBucket");
  } catch (error) {
    const holdsObjects = error instanceof pg.DatabaseError && error.code === FOREIGN_KEY_VIOLATION;
    throw holdsObjects ? new StorageError("ResourceNotEmpty") : error;
  }
}
