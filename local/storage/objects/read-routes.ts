import { Hono } from "hono";
import { findBucket } from "../buckets/buckets.ts";
import { Listing, listObjects } from "./list-objects.ts";
import { type ObjectKey, readObjectKey, requireBucketName } from "./names.ts";
import { findObject, type StoredObject } from "./objects.ts";
import type { StoragePorts } from "../http/ports.ts";
import { actorOf, readBody, type StorageEnv } from "../http/request.ts";
import { serveObject } from "./serve-object.ts";
import { type Actor, asService, transact } from "../http/transact.ts";

/** Creates the routes below `/object` that list and download objects; mounted at `root`. */
export function readRoutes(ports: StoragePorts, root: string): Hono<StorageEnv> {
  const routes = new Hono<StorageEnv>();

  routes.post("/list/:bucket", async (c) => {
    const actor = actorOf(c, "object.list");
    const bucketId = requireBucketName(c.req.param("bucket"));
    const listing = await readBody(c.var.upstream, Listing);
    return c.json(
      await transact(ports.database, actor, (db) => listObjects(db, bucketId, listing)),
    );
  });
  for (const path of ["/info/authenticated/", "/info/"]) {
    routes.get(`${path}:bucket/*`, async (c) => {
      const actor = actorOf(c, "object.info_authenticated");
      const key = readObjectKey(c.req.url, root + path);
      return c.json(describeObject(await findReadable(ports, actor, key)));
    });
  }
  for (const path of ["/authenticated/", "/"]) {
    routes.get(`${path}:bucket/*`, (c) => {
      const actor = actorOf(c, "object.get_authenticated");
      const key = readObjectKey(c.req.url, root + path);
      return serveObject(ports.files, c.req.raw, () => findReadable(ports, actor, key));
    });
  }
  return routes;
}

/** Builds the response of `/object/info`. */
export function describeObject({ metadata, ...object }: StoredObject) {
  return {
    id: object.id,
    name: object.name,
    version: object.version,
    bucket_id: object.bucket_id,
    size: metadata.size,
    content_type: metadata.mimetype,
    cache_control: metadata.cacheControl,
    etag: metadata.eTag,
    metadata: object.user_metadata,
    last_modified: object.updated_at,
    created_at: object.created_at,
  };
}

/** Finds an object that the actor may read. In a public bucket, policies do not apply: everyone may read. */
function findReadable(
  { database }: StoragePorts,
  actor: Actor,
  key: ObjectKey,
): Promise<StoredObject> {
  const service = asService(actor.operation);
  return transact(database, service, (db) => findBucket(db, key.bucketId))
    .then((bucket) =>
      transact(database, bucket.public ? service : actor, (db) => findObject(db, key))
    );
}
