import { Hono } from "hono";
import * as z from "zod";
import { type ObjectKey, readObjectKey, requireBucketName } from "../objects/names.ts";
import { findNames, findObject } from "../objects/objects.ts";
import type { StoragePorts } from "../http/ports.ts";
import { actorOf, ownerOf, readBody, type StorageEnv, wantsUpsert } from "../http/request.ts";
import { StorageError } from "../http/storage-error.ts";
import { type Actor, transact } from "../http/transact.ts";
import { rehearseUpload } from "../objects/upload-object.ts";

/**
 * The lifetime of a signed upload URL.
 * Source: https://supabase.com/docs/reference/javascript/storage-from-createsigneduploadurl
 */
const UPLOAD_URL_SECONDS = 2 * 60 * 60;
const NOT_THERE = "Either the object does not exist or you do not have access to it";

const expiresIn = z.number().int().positive();
const SignOne = z.object({ expiresIn, transform: z.unknown().optional() });
const SignMany = z.object({ expiresIn, paths: z.array(z.string()).min(1) });

/**
 * Creates the routes below `/object` that sign URLs; mounted at `root`. A signed URL grants one right that the caller
 * has.
 */
export function signRoutes(ports: StoragePorts, root: string): Hono<StorageEnv> {
  const routes = new Hono<StorageEnv>();

  routes.post("/upload/sign/:bucket/*", async (c) => {
    const actor = actorOf(c, "object.sign_upload_url");
    const key = readObjectKey(c.req.url, `${root}/upload/sign/`);
    const token = await signUpload(ports, actor, key, wantsUpsert(c.req.raw));
    return c.json({ url: `/object/upload/sign/${key.bucketId}/${key.name}?token=${token}`, token });
  });
  routes.post("/sign/:bucket", async (c) => {
    const actor = actorOf(c, "object.sign_many");
    const bucketId = requireBucketName(c.req.param("bucket"));
    const { expiresIn, paths } = await readBody(c.var.upstream, SignMany);
    const names = await transact(ports.database, actor, (db) => findNames(db, bucketId, paths));
    const sign = async (path: string) => ({
      path,
      error: names.has(path) ? null : NOT_THERE,
      signedURL: names.has(path)
        ? await signDownload(ports, { bucketId, name: path }, expiresIn)
        : null,
    });
    return c.json(await Promise.all(paths.map(sign)));
  });
  routes.post("/sign/:bucket/*", async (c) => {
    const actor = actorOf(c, "object.sign");
    const key = readObjectKey(c.req.url, `${root}/sign/`);
    const { expiresIn, transform } = await readBody(c.var.upstream, SignOne);
    if (transform) {
      const message = "Image transformation is not available in the local stack.";
      throw new StorageError("not_available_locally", message);
    }
    await transact(ports.database, actor, (db) => findObject(db, key));
    return c.json({ signedURL: await signDownload(ports, key, expiresIn) });
  });
  return routes;
}

async function signUpload(
  ports: StoragePorts,
  actor: Actor,
  key: ObjectKey,
  upsert: boolean,
): Promise<string> {
  const ownerId = ownerOf(actor);
  const values = { ...key, ownerId, metadata: {}, userMetadata: null };
  await rehearseUpload(ports, actor, values, { replace: upsert });
  const claims = { scope: "upload", upsert, owner: ownerId ?? undefined } as const;
  return await ports.signer.sign(key, claims, UPLOAD_URL_SECONDS);
}

/** Builds a signed URL, relative to the API's URL and unescaped, because storage-js escapes it. */
async function signDownload(
  { signer }: StoragePorts,
  key: ObjectKey,
  seconds: number,
): Promise<string> {
  const token = await signer.sign(key, { scope: "download" }, seconds);
  return `/object/sign/${key.bucketId}/${key.name}?token=${token}`;
}
