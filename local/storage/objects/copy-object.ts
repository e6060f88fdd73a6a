import type { ObjectKey } from "./names.ts";
import { findObject, renameObject, type StoredObject } from "./objects.ts";
import type { StoragePorts } from "../http/ports.ts";
import { type Actor, transact } from "../http/transact.ts";
import { publishObject, rehearseUpload } from "./upload-object.ts";

/** What a copy or a move does. */
export interface Transfer {
  from: ObjectKey;
  to: ObjectKey;
  /** Id of the user in auth.users, who will own the result; null for the secret key. */
  ownerId: string | null;
}

/** What a copy does besides. */
export interface Copy extends Transfer {
  upsert: boolean;
  /** Null copies the source's metadata; else it is changed by this. */
  metadata: { mimetype?: string; cacheControl?: string } | null;
  userMetadata: Record<string, unknown> | null;
}

/** Copies an object; the actor must be able to see the source and to upload the copy. Returns the copy's id. */
export async function copyObject(ports: StoragePorts, actor: Actor, copy: Copy): Promise<string> {
  const { from, to, ownerId, upsert } = copy;
  const source = await transact(ports.database, actor, (db) => findObject(db, from));
  const values = { ...to, ownerId, ...copiedMetadata(source, copy) };
  await rehearseUpload(ports, actor, values, { replace: upsert });
  const version = await ports.files.copy(source.version);
  return await publishObject(ports, { ...values, version }, { replace: upsert });
}

/** Moves an object, which is an update of its row to row-level security: the bytes stay where they are. Returns its id. */
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
