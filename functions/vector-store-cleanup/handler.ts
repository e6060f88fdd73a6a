import type { CleanupReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createFilePorts } from "../_shared/session-files/file-ports.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { cleanUp, LONGEST_MS } from "./clean-up.ts";
import { createCleanupDatabase } from "./cleanup-database.ts";
import type { CleanupServices } from "./cleanup-ports.ts";

/**
 * Creates the function `POST /vector-store-cleanup` (secret key, every 15 minutes): expires stores and deletes remote
 * objects that have no owner.
 */
export function createCleanupFunction(services: CleanupServices) {
  const app = createFunction({ name: "vector-store-cleanup", log: services.log });
  app.post("/", allow("secret"), async (c) => {
    const { supabaseAdmin } = c.var.supabaseContext;
    const ports = createFilePorts(services, supabaseAdmin);
    const cleanup = createCleanupDatabase(supabaseAdmin);
    const signal = AbortSignal.timeout(LONGEST_MS);
    return c.json<CleanupReply>(await cleanUp({ ...services, ...ports, cleanup, signal }));
  });
  return app;
}
