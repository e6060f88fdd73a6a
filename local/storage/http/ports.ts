import type { Pool } from "pg";
import type { FileStore } from "../objects/file-store.ts";
import type { UrlSigner } from "../signing/signed-urls.ts";

/** What Storage stands on. */
export interface StoragePorts {
  /** Connects as a role that may become the API's roles. */
  database: Pool;
  files: FileStore;
  signer: UrlSigner;
}
