import { isLoopback } from "../http/allowed-origins.ts";
import type { Environment } from "../http/environment.ts";
import type { Log } from "../http/log.ts";
import { createOpenAI } from "../openai/client.ts";
import { type FileServices, nameProject } from "./file-ports.ts";

/** Creates the services of files from the environment. */
export async function createFileServices(
  environment: Environment,
  log: Log,
): Promise<FileServices> {
  return {
    openai: createOpenAI(environment),
    log,
    project: await nameProject(environment.SUPABASE_URL),
    isLocal: isLoopback(new URL(environment.SUPABASE_URL).hostname),
    storeDays: environment.VECTOR_STORE_DAYS,
  };
}
