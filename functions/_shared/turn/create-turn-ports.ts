import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../../types/database.ts";
import { createFilePorts, type FileServices } from "../session-files/file-ports.ts";
import { createSessionStores } from "./session-stores.ts";
import { createTurnDatabase } from "./turn-database.ts";
import type { TurnRunPorts } from "./turn-ports.ts";

/** Creates the ports of one request from a client with the secret key. */
export function createTurnPorts(
  services: FileServices,
  admin: SupabaseClient<Database>,
): TurnRunPorts {
  const { openai, log } = services;
  const files = createFilePorts(services, admin);
  const stores = createSessionStores(files);
  return { openai, log, files, stores, db: createTurnDatabase(admin) };
}
