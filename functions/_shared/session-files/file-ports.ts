import type { SupabaseClient } from "@supabase/supabase-js";
import type OpenAI from "openai";
import type { Database } from "../../../types/database.ts";
import type { Log } from "../http/log.ts";
import { sha256Hex } from "../http/sha256.ts";
import { createFileDatabase, type FileDatabase } from "./file-database.ts";
import { createFileStorage, type FileStorage } from "./file-storage.ts";

/** What is the same for every request. */
export interface FileServices {
  openai: OpenAI;
  log: Log;
  /** Tells our things at OpenAI from those of other projects with the same account. */
  project: string;
  /** After how many days without use OpenAI expires a store. */
  storeDays: number;
}

/** What files need of the world. */
export interface FilePorts extends FileServices {
  files: FileDatabase;
  storage: FileStorage;
  /** Ends the waiting; what is not finished then stays as it is, for the clean-up to go on with. */
  signal?: AbortSignal;
}

/** The ports of one request, whose client has the secret key. */
export function createFilePorts(
  services: FileServices,
  admin: SupabaseClient<Database>,
): FilePorts {
  return { ...services, files: createFileDatabase(admin), storage: createFileStorage(admin) };
}

/** A short name for this project, from the address of its API. */
export async function nameProject(supabaseUrl: string): Promise<string> {
  return (await sha256Hex(new URL(supabaseUrl).origin)).slice(0, 8);
}
