import { Hono } from "hono";
import * as z from "zod";
import { copyObject, moveObject } from "./copy-object.ts";
import { readMetadataHeader } from "../http/incoming-file.ts";
import { requireBucketName, requireObjectName } from "./names.ts";
import type { StoragePorts } from "../http/ports.ts";
import { actorOf, ownerOf, readBody, type StorageEnv, wantsUpsert } from "../http/request.ts";

const Transfer = z.object({
  bucketId: z.string(),
  sourceKey: z.string(),
  destinationKey: z.string(),
  destinationBucket: z.string().optional(),
}).transform(({ bucketId, sourceKey, destinationKey, destinationBucket = bucketId }) => ({
  from: { bucketId: requireBucketName(bucketId), name: requireObjectName(sourceKey) },
  to: { bucketId: requireBucketName(destinationBucket), name: requireObjectName(destinationKey) },
}));
const CopyOptions = z.object({
  copyMetadata: z.boolean().default(true),
  metadata: z.object({ mimetype: z.string(), cacheControl: z.string() }).partial().default({}),
});
const Copy = Transfer.and(CopyOptions);

/** Creates the routes below `/object` that move and copy objects. */
export function transferRoutes(ports: StoragePorts): Hono<StorageEnv> {
  const routes = new Hono<StorageEnv>();

  routes.post("/copy", async (c) => {
    const actor = actorOf(c, "object.copy");
    const { from, to, copyMetadata, metadata } = await readBody(c.var.upstream, Copy);
    const id = await copyObject(ports, actor, {
      from,
      to,
      ownerId: ownerOf(actor),
      upsert: wantsUpsert(c.req.raw),
      metadata: copyMetadata ? null : metadata,
      userMetadata: readMetadataHeader(c.req.raw.headers),
    });
    return c.json({ Id: id, Key: `${to.bucketId}/${to.name}` });
  });
  routes.post("/move", async (c) => {
    const actor = actorOf(c, "object.move");
    const transfer = await readBody(c.var.upstream, Transfer);
    const id = await moveObject(ports, actor, { ...transfer, ownerId: ownerOf(actor) });
    return c.json({ message: "Successfully moved", Id: id, Key: transfer.to.name });
  });
  return routes;
}
