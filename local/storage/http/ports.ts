import type { Pool } from "pg";
import type { FileStore } from "../objects/file-store.ts";
import type { UrlSigner } from "../signing/signed-urls.ts";

/** The services that Storage needs. */
export interface StoragePorts {
  /** Connects as a role that may switch to the roles of the API. */
  database: Pool;
  files: FileStore;
  signer: UrlSigner;
}
