import type OpenAI from "openai";
import type { Log } from "../log.ts";
import type { TurnDatabase } from "./turn-database.ts";

/** What a turn needs of the world. */
export interface TurnPorts {
  db: TurnDatabase;
  openai: OpenAI;
  log: Log;
}
