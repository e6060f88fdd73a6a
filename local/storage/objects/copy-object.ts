import type { ObjectKey } from "./names.ts";
import { findObject, renameObject, type StoredObject } from "./objects.ts";
import type { StoragePorts } from "../http/ports.ts";
import { type Actor, transact } from "../http/transact.ts";
import { publishObject, rehearseUpload } from "./upload-object.ts";

/** The source, the target and the owner of a copy or a move. */
export interface Transfer {
  from: ObjectKey;
  to: ObjectKey;
  /** The id in auth.users of the new owner; null for the secret key. */
  ownerId: string | null;
}

/** A copy, with its further options. */
export interface Copy extends Transfer {
  upsert: boolean;
  /** Changes to the source's metadata; null for none. */
  metadata: { mimetype?: string; cacheControl?: string } | null;
  userMetadata: Record<string, unknown> | null;
}

/** Copies an object. The actor must be allowed to see the source and to upload the copy. Returns the copy's id. */
export async function copyObject(ports: StoragePorts, actor: Actor, copy: Copy): Promise<string> {
  const { from, to, ownerId, upsert } = copy;
  const source = await transact(ports.database, actor, (db) => findObject(db, from));
  const values = { ...to, ownerId, ...copiedMetadata(source, copy) };
  await rehearseUpload(ports, actor, values, { replace: upsert });
  const version = await ports.files.copy(source.version);
  return await publishObject(ports, { ...values, version });
}

/**
 * Moves an object and returns its id. For row-level security, a move is an update of the row; the bytes stay in their
 * file.
 */
export function moveObject(
  { database }: StoragePorts,
  actor: Actor,
  { from, to, ownerId }: Transfer,
): Promise<string> {
  return transact(database, actor, (db) => renameObject(db, from, to, ownerId));
}

function copiedMetadata(source: StoredObject, { metadata, userMetadata }: Copy) {
  const lastModified = new Date().toISOString();
  return {
    metadata: { ...source.metadata, ...metadata, lastModified },
    userMetadata: metadata ? userMetadata : source.user_metadata,
  };
}
