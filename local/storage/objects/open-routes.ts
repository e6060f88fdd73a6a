import { Hono } from "hono";
import * as z from "zod";
import { findBucket } from "../buckets/buckets.ts";
import { readIncomingFile } from "../http/incoming-file.ts";
import { type ObjectKey, readObjectKey } from "./names.ts";
import { findObject, type StoredObject } from "./objects.ts";
import type { StoragePorts } from "../http/ports.ts";
import { describeObject } from "./read-routes.ts";
import { readQuery } from "../http/request.ts";
import { serveObject } from "./serve-object.ts";
import { StorageError } from "../http/storage-error.ts";
import { asService, transact } from "../http/transact.ts";
import { uploadObject } from "./upload-object.ts";

const SignedQuery = z.object({ token: z.string() });

/** Creates the routes below `/object` that need no key: public buckets and signed URLs; mounted at `root`. */
export function openRoutes(ports: StoragePorts, root: string): Hono {
  const routes = new Hono();

  routes.get("/info/public/:bucket/*", async (c) => {
    const key = readObjectKey(c.req.url, `${root}/info/public/`);
    return c.json(describeObject(await findPublic(ports, key)));
  });
  routes.get("/public/:bucket/*", (c) => {
    const key = readObjectKey(c.req.url, `${root}/public/`);
    return serveObject(ports.files, c.req.raw, () => findPublic(ports, key));
  });
  routes.get("/sign/:bucket/*", async (c) => {
    const key = readObjectKey(c.req.url, `${root}/sign/`);
    const { token } = readQuery(c.req.raw, SignedQuery);
    const { exp } = await ports.signer.verify(token, key, "download");
    const find = () =>
      transact(ports.database, asService("object.get_signed"), (db) => findObject(db, key));
    return serveObject(ports.files, c.req.raw, find, new Date(exp * 1000));
  });
  routes.put("/upload/sign/:bucket/*", async (c) => {
    const key = readObjectKey(c.req.url, `${root}/upload/sign/`);
    const { token } = readQuery(c.req.raw, SignedQuery);
    const { owner = null, upsert = false } = await ports.signer.verify(token, key, "upload");
    const file = await readIncomingFile(c.req.raw);
    const upload = { key, file, upsert, ownerId: owner };
    await uploadObject(ports, asService("object.upload_signed"), upload);
    return c.json({ Key: `${key.bucketId}/${key.name}` });
  });
  return routes;
}

function findPublic({ database }: StoragePorts, key: ObjectKey): Promise<StoredObject> {
  return transact(database, asService("object.get_public"), async (db) => {
    const bucket = await findBucket(db, key.bucketId);
    if (!bucket.public) throw new StorageError("NoSuchBucket");
    return await findObject(db, key);
  });
}
