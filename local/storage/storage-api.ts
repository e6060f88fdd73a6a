import { Hono } from "hono";
import type { Pool } from "pg";
import { type RefuseToken, requireCredentials } from "../gateway/credentials.ts";
import type { TokenExchange } from "../gateway/tokens.ts";
import type { StackKeys } from "../stack/keys.ts";
import type { Log } from "../stack/log.ts";
import { bucketRoutes } from "./buckets/bucket-routes.ts";
import { openFileStore } from "./objects/file-store.ts";
import { openRoutes } from "./objects/open-routes.ts";
import { readRoutes } from "./objects/read-routes.ts";
import { readClaims, type StorageEnv } from "./http/request.ts";
import { signRoutes } from "./signing/sign-routes.ts";
import { createUrlSigner } from "./signing/signed-urls.ts";
import { StorageError, toStorageError } from "./http/storage-error.ts";
import { transferRoutes } from "./objects/transfer-routes.ts";
import { writeRoutes } from "./objects/write-routes.ts";

/** The database, the folder and the keys of Storage. */
export interface StorageOptions {
  /** Connects as a role that may switch to the roles of the API. */
  database: Pool;
  /** The folder for the content of objects. */
  directory: string;
  keys: StackKeys;
  tokens: TokenExchange;
  log: Log;
}

const ROOT = "/storage/v1";
const OBJECTS = `${ROOT}/object`;

/**
 * Creates the Storage API for storage-js. Rows are in Postgres, under the row-level security of the caller; bytes are
 * on disk. docs/local-stack.md lists what is missing.
 */
export async function createStorageApi(options: StorageOptions): Promise<Hono<StorageEnv>> {
  const { database, directory, keys, tokens, log } = options;
  const files = await openFileStore(directory);
  const ports = { database, files, signer: createUrlSigner(keys.jwtSecret) };
  const api = new Hono<StorageEnv>();
  api.onError((error) => {
    const refusal = toStorageError(error);
    if (refusal.code === "InternalError") log("storage", `failed: ${error.name}: ${error.message}`);
    return refusal.toResponse();
  });
  api.notFound(() => new StorageError("InvalidRequest", "No such route").toResponse());

  api.route(OBJECTS, openRoutes(ports, OBJECTS));
  api.use(`${ROOT}/*`, requireCredentials(keys, tokens, refuseToken));
  api.use(`${ROOT}/*`, readClaims(keys.secretKey));
  api.route(`${ROOT}/bucket`, bucketRoutes(ports));
  api.route(OBJECTS, signRoutes(ports, OBJECTS));
  api.route(OBJECTS, readRoutes(ports, OBJECTS));
  api.route(OBJECTS, transferRoutes(ports));
  api.route(OBJECTS, writeRoutes(ports, OBJECTS));
  return api;
}

const refuseToken: RefuseToken = (reason) => new StorageError("AccessDenied", reason).toResponse();
