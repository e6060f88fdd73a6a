import type OpenAI from "openai";
import type { Log } from "../http/log.ts";
import type { TurnDatabase } from "./turn-database.ts";

/** What a turn needs of the world. */
export interface TurnPorts {
  db: TurnDatabase;
  openai: OpenAI;
  log: Log;
}

/** The vector stores of sessions, as a turn sees them. */
export interface SessionStores {
  /** OpenAI's id of the session's store, made again if need be; null when it cannot be made. */
  open(sessionId: string): Promise<string | null>;
  /** OpenAI says that the store has expired or is gone. */
  expire(storeId: string): Promise<void>;
}

/** What generating a reply needs: following one needs no stores. */
export interface TurnRunPorts extends TurnPorts {
  stores: SessionStores;
}
