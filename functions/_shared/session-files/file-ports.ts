import type { SupabaseClient } from "@supabase/supabase-js";
import type OpenAI from "openai";
import type { Database } from "../../../types/database.ts";
import type { Log } from "../http/log.ts";
import { sha256Hex } from "../http/sha256.ts";
import { createFileDatabase, type FileDatabase } from "./file-database.ts";
import { createFileStorage, type FileStorage } from "./file-storage.ts";

/** The services that all requests share. */
export interface FileServices {
  openai: OpenAI;
  log: Log;
  /** Distinguishes this project's objects at OpenAI from those of other projects with the same account. */
  project: string;
  /** True on a developer's machine, where tools may be on private addresses. */
  isLocal?: boolean;
  /** Days without use after which OpenAI expires a store. */
  storeDays: number;
}

/** The services and database calls of files. */
export interface FilePorts extends FileServices {
  files: FileDatabase;
  storage: FileStorage;
  /** Ends all waiting when it aborts. The clean-up resumes unfinished work later. */
  signal?: AbortSignal;
}

/** Creates the ports of one request from a client with the secret key. */
export function createFilePorts(
  services: FileServices,
  admin: SupabaseClient<Database>,
): FilePorts {
  return { ...services, files: createFileDatabase(admin), storage: createFileStorage(admin) };
}

/** Returns a short name for this project: the first 8 hex digits of the SHA-256 of its API's origin. */
export async function nameProject(supabaseUrl: string): Promise<string> {
  return (await sha256Hex(new URL(supabaseUrl).origin)).slice(0, 8);
}
