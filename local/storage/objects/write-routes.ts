import { Hono } from "hono";
import * as z from "zod";
import { readIncomingFile } from "../http/incoming-file.ts";
import { readObjectKey, requireBucketName } from "./names.ts";
import { deleteObjects } from "./objects.ts";
import type { StoragePorts } from "../http/ports.ts";
import { actorOf, ownerOf, readBody, type StorageEnv, wantsUpsert } from "../http/request.ts";
import { transact } from "../http/transact.ts";
import { uploadObject } from "./upload-object.ts";

const Removal = z.object({ prefixes: z.array(z.string()).max(1000) });

/** Creates the routes below `/object` that upload and delete objects; mounted at `root`. */
export function writeRoutes(ports: StoragePorts, root: string): Hono<StorageEnv> {
  const routes = new Hono<StorageEnv>();

  routes.on(["POST", "PUT"], "/:bucket/*", async (c) => {
    const isUpdate = c.req.method === "PUT";
    const actor = actorOf(c, isUpdate ? "object.upload_update" : "object.upload");
    const key = readObjectKey(c.req.url, `${root}/`);
    const file = await readIncomingFile(c.var.upstream);
    const upsert = isUpdate || wantsUpsert(c.req.raw);
    const id = await uploadObject(ports, actor, { key, file, upsert, ownerId: ownerOf(actor) });
    return c.json({ Id: id, Key: `${key.bucketId}/${key.name}` });
  });
  routes.delete("/:bucket", async (c) => {
    const actor = actorOf(c, "object.delete_many");
    const bucketId = requireBucketName(c.req.param("bucket"));
    const { prefixes } = await readBody(c.var.upstream, Removal);
    const removed = await transact(
      ports.database,
      actor,
      (db) => deleteObjects(db, bucketId, prefixes),
    );
    await ports.files.remove(removed.flatMap(({ version }) => version ?? []));
    return c.json(removed);
  });
  return routes;
}
