import { allowsType, GLOBAL_SIZE_LIMIT } from "../buckets/bucket-schemas.ts";
import { type Bucket, findBucket } from "../buckets/buckets.ts";
import type { StoredFile } from "./file-store.ts";
import { discard, type IncomingFile } from "../http/incoming-file.ts";
import type { ObjectKey } from "./names.ts";
import { lockVersion, type ObjectMetadata, type ObjectValues, writeObject } from "./objects.ts";
import type { StoragePorts } from "../http/ports.ts";
import { StorageError } from "../http/storage-error.ts";
import { type Actor, asService, rehearse, transact } from "../http/transact.ts";

/** A client's request for an upload. */
export interface Upload {
  key: ObjectKey;
  file: IncomingFile;
  /** Replace an existing object. */
  upsert: boolean;
  /** The owner's id in auth.users; null for the secret key. */
  ownerId: string | null;
}

/** Stores a file and returns the object's id. A refused or broken upload leaves nothing on disk or in the table. */
export async function uploadObject(
  ports: StoragePorts,
  actor: Actor,
  upload: Upload,
): Promise<string> {
  const { key, file, ownerId } = upload;
  try {
    const bucket = await admit(ports, actor, upload);
    const limit = Math.min(bucket.file_size_limit ?? GLOBAL_SIZE_LIMIT, GLOBAL_SIZE_LIMIT);
    const stored = await ports.files.receive(file.content, file.hasLength ? limit : Infinity);
    const { userMetadata } = file;
    const { version } = stored;
    const values = { ...key, version, ownerId, userMetadata, metadata: describe(file, stored) };
    return await publishObject(ports, values);
  } finally {
    await discard(file.content);
  }
}

/** Rejects when row-level security would refuse the upload. */
export async function rehearseUpload(
  { database }: StoragePorts,
  actor: Actor,
  values: Omit<ObjectValues, "version">,
  options: { replace: boolean },
): Promise<void> {
  await rehearse(database, actor, (db) => writeObject(db, { ...values, version: "1" }, options));
}

/**
 * Writes the row that makes a stored version visible, and removes the replaced version. Rights are only checked before
 * the bytes arrive. As on Supabase, an upload that was slow therefore replaces an object that came meanwhile.
 */
export async function publishObject(
  { database, files }: StoragePorts,
  values: ObjectValues,
): Promise<string> {
  const written = await transact(database, asService("object.upload"), async (db) => {
    const replaced = await lockVersion(db, values);
    return { replaced, id: await writeObject(db, values, { replace: true }) };
  }).catch(async (error) => {
    await files.remove([values.version]);
    throw error;
  });
  if (written.replaced) await files.remove([written.replaced]);
  return written.id;
}

async function admit(
  ports: StoragePorts,
  actor: Actor,
  { key, file, upsert, ownerId }: Upload,
): Promise<Bucket> {
  const bucket = await transact(
    ports.database,
    asService(actor.operation),
    (db) => findBucket(db, key.bucketId),
  );
  const { mimetype, userMetadata } = file;
  if (!allowsType(bucket.allowed_mime_types, mimetype)) {
    throw new StorageError("InvalidMimeType", `mime type ${mimetype} is not supported`);
  }
  const values = { ...key, ownerId, userMetadata, metadata: { mimetype } };
  await rehearseUpload(ports, actor, values, { replace: upsert });
  return bucket;
}

function describe(
  { mimetype, cacheControl }: IncomingFile,
  { size, eTag }: StoredFile,
): ObjectMetadata {
  return {
    eTag,
    size,
    mimetype,
    cacheControl,
    lastModified: new Date().toISOString(),
    contentLength: size,
    httpStatusCode: 200,
  };
}
