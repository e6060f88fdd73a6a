import { randomUUID } from "node:crypto";
import type { PoolClient } from "pg";
import type { ObjectKey } from "./names.ts";
import { StorageError } from "../http/storage-error.ts";

/** The content of the column `metadata`. */
export interface ObjectMetadata {
  eTag: string;
  size: number;
  mimetype: string;
  cacheControl: string;
  lastModified: string;
  contentLength: number;
  httpStatusCode: number;
}

/** A row of `storage.objects`. */
export interface StoredObject {
  id: string;
  name: string;
  bucket_id: string;
  /** The name of the file in the store. */
  version: string;
  metadata: ObjectMetadata;
  user_metadata: Record<string, unknown> | null;
  created_at: Date;
  updated_at: Date;
  last_accessed_at: Date;
}

/** The values of an object's row. */
export interface ObjectValues extends ObjectKey {
  version: string;
  /** Id of the user in auth.users; null for the secret key. */
  ownerId: string | null;
  metadata: Partial<ObjectMetadata>;
  userMetadata: Record<string, unknown> | null;
}

const INSERT = `insert into storage.objects
    (id, bucket_id, name, version, owner, owner_id, metadata, user_metadata)
  values ($1, $2, $3, $4, $5::text::uuid, $5::text, $6, $7)`;
const ON_CONFLICT_REPLACE = `on conflict (bucket_id, name) do update set
    version = excluded.version,
    owner = coalesce(excluded.owner, objects.owner),
    owner_id = coalesce(excluded.owner_id, objects.owner_id),
    metadata = excluded.metadata,
    user_metadata = excluded.user_metadata
  returning id`;

/** Finds an object that the actor may see and that has bytes. Rejects with `NoSuchKey`. */
export async function findObject(db: PoolClient, key: ObjectKey): Promise<StoredObject> {
  const { rows: [object] } = await db.query<StoredObject>(
    `select id, name, bucket_id, version, metadata, user_metadata,
       created_at, updated_at, last_accessed_at
     from storage.objects
     where bucket_id = $1 and name = $2 and version is not null and metadata ? 'size'`,
    [key.bucketId, key.name],
  );
  if (!object) throw new StorageError("NoSuchKey");
  return object;
}

/**
 * Writes an object's row and returns its id. With `replace`, the role needs the rights to insert, select and update.
 * Without it, only the right to insert is needed, and Postgres refuses a name that exists.
 */
export async function writeObject(
  db: PoolClient,
  values: ObjectValues,
  { replace }: { replace: boolean },
): Promise<string> {
  const id = randomUUID();
  const { rows } = await db.query<{ id: string }>(
    replace ? `${INSERT} ${ON_CONFLICT_REPLACE}` : INSERT,
    [
      id,
      values.bucketId,
      values.name,
      values.version,
      values.ownerId,
      values.metadata,
      values.userMetadata,
    ],
  );
  return rows[0]?.id ?? id;
}

/** Locks an object against replacement until the transaction ends. Returns its present version. */
export async function lockVersion(db: PoolClient, key: ObjectKey): Promise<string | null> {
  await db.query("select pg_advisory_xact_lock(hashtextextended($1 || '/' || $2, 0))", [
    key.bucketId,
    key.name,
  ]);
  const { rows: [object] } = await db.query<{ version: string | null }>(
    "select version from storage.objects where bucket_id = $1 and name = $2 for update",
    [key.bucketId, key.name],
  );
  return object?.version ?? null;
}

/** Changes the name or bucket of an object and returns its id. Rejects with `NoSuchKey`. */
export async function renameObject(
  db: PoolClient,
  from: ObjectKey,
  to: ObjectKey,
  ownerId: string | null,
): Promise<string> {
  const { rows: [object] } = await db.query<{ id: string }>(
    `update storage.objects
     set bucket_id = $3, name = $4,
       owner = coalesce($5::text::uuid, owner), owner_id = coalesce($5::text, owner_id)
     where bucket_id = $1 and name = $2
     returning id`,
    [from.bucketId, from.name, to.bucketId, to.name, ownerId],
  );
  if (!object) throw new StorageError("NoSuchKey");
  return object.id;
}

/** Deletes the rows of the named objects that the actor may delete, and returns the rows. */
export async function deleteObjects(
  db: PoolClient,
  bucketId: string,
  names: string[],
): Promise<StoredObject[]> {
  const { rows } = await db.query<StoredObject>(
    "delete from storage.objects where bucket_id = $1 and name = any($2) returning *",
    [bucketId, names],
  );
  return rows;
}

/** Returns the names among `names` that belong to objects the actor may see. */
export async function findNames(
  db: PoolClient,
  bucketId: string,
  names: string[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ name: string }>(
    "select name from storage.objects where bucket_id = $1 and name = any($2)",
    [bucketId, names],
  );
  return new Set(rows.map(({ name }) => name));
}
