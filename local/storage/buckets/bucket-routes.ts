import { Hono } from "hono";
import { BucketListing, BucketSettings, NewBucket } from "./bucket-schemas.ts";
import {
  createBucket,
  deleteBucket,
  emptyBucket,
  findBucket,
  listBuckets,
  updateBucket,
} from "./buckets.ts";
import type { StoragePorts } from "../http/ports.ts";
import { actorOf, ownerOf, readBody, readQuery, type StorageEnv } from "../http/request.ts";
import { transact } from "../http/transact.ts";

/** Creates the routes below `/bucket`. Row-level security of `storage.buckets` decides who may use them. */
export function bucketRoutes(ports: StoragePorts): Hono<StorageEnv> {
  const { database, files } = ports;
  const routes = new Hono<StorageEnv>();

  routes.get("/", async (c) => {
    const actor = actorOf(c, "bucket.list");
    const listing = readQuery(c.var.upstream, BucketListing);
    return c.json(await transact(database, actor, (db) => listBuckets(db, listing)));
  });
  routes.post("/", async (c) => {
    const actor = actorOf(c, "bucket.create");
    const bucket = await readBody(c.var.upstream, NewBucket);
    await transact(database, actor, (db) => createBucket(db, bucket, ownerOf(actor)));
    return c.json({ name: bucket.name });
  });
  routes.get("/:id", async (c) => {
    const actor = actorOf(c, "bucket.get");
    return c.json(await transact(database, actor, (db) => findBucket(db, c.req.param("id"))));
  });
  routes.put("/:id", async (c) => {
    const actor = actorOf(c, "bucket.update");
    const settings = await readBody(c.var.upstream, BucketSettings);
    await transact(database, actor, (db) => updateBucket(db, c.req.param("id"), settings));
    return c.json({ message: "Successfully updated" });
  });
  routes.post("/:id/empty", async (c) => {
    const actor = actorOf(c, "bucket.empty");
    await files.remove(
      await transact(database, actor, (db) => emptyBucket(db, c.req.param("id"))),
    );
    return c.json({ message: "Successfully emptied" });
  });
  routes.delete("/:id", async (c) => {
    const actor = actorOf(c, "bucket.delete");
    await transact(database, actor, (db) => deleteBucket(db, c.req.param("id")));
    return c.json({ message: "Successfully deleted" });
  });
  return routes;
}
