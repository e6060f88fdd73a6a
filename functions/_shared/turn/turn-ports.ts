import type OpenAI from "openai";
import type { Log } from "../http/log.ts";
import type { Collection } from "../session-files/collection.ts";
import type { FilePorts } from "../session-files/file-ports.ts";
import type { TurnDatabase } from "./turn-database.ts";

/** The services and database calls of a turn. */
export interface TurnPorts {
  db: TurnDatabase;
  /** Stores the files that the model makes. */
  files: FilePorts;
  openai: OpenAI;
  log: Log;
}

/** The vector stores of sessions and assistants, as turns use them. */
export interface SessionStores {
  /** Returns OpenAI's id of a collection's store, which is built if necessary; null when it cannot be built. */
  open(collection: Collection): Promise<string | null>;
  /** Marks a store as expired after OpenAI has reported it as expired or deleted. */
  expire(storeId: string): Promise<void>;
  /** Sends a stored file to OpenAI again. Returns false when the file was deleted meanwhile. */
  resend(fileId: string): Promise<boolean>;
}

/** The services for generating a reply. Joining a reply needs no stores. */
export interface TurnRunPorts extends TurnPorts {
  stores: SessionStores;
}
