import type { Context } from "hono";
import type { CleanupReply, DeletionsReply, IndexingReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createFilePorts } from "../_shared/session-files/file-ports.ts";
import type { FunctionEnv } from "../_shared/http/context.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { runScheduled } from "../_shared/http/scheduled-call.ts";
import { cleanUp, deleteDue, indexDue, LONGEST_MS } from "./clean-up.ts";
import { createCleanupDatabase } from "./cleanup-database.ts";
import type { CleanupPorts, CleanupServices } from "./cleanup-ports.ts";

/**
 * Creates the clean-up, which is called with the secret key. `POST /vector-store-cleanup` (every 15 minutes) expires
 * stores, resumes interrupted work and finds objects without an owner. `POST /vector-store-cleanup/deletions` (every
 * minute) deletes the objects in the outbox. `POST /vector-store-cleanup/files` (every minute) continues files whose
 * next attempt is due.
 */
export function createCleanupFunction(services: CleanupServices) {
  const app = createFunction({ name: "vector-store-cleanup", log: services.log });
  app.post("/", allow("secret"), async (c) => {
    const run = () => cleanUp(cleanupPorts(c, services));
    return c.json<CleanupReply>(await runScheduled(c, services.log, run, () => false));
  });
  app.post("/deletions", allow("secret"), async (c) => {
    const run = () => deleteDue(cleanupPorts(c, services));
    const hasWorked = ({ deleted }: DeletionsReply) => deleted > 0;
    return c.json<DeletionsReply>(await runScheduled(c, services.log, run, hasWorked));
  });
  app.post("/files", allow("secret"), async (c) => {
    const run = () => indexDue(cleanupPorts(c, services));
    const hasWorked = ({ checked }: IndexingReply) => checked > 0;
    return c.json<IndexingReply>(await runScheduled(c, services.log, run, hasWorked));
  });
  return app;
}

function cleanupPorts(c: Context<FunctionEnv>, services: CleanupServices): CleanupPorts {
  const { supabaseAdmin } = c.var.supabaseContext;
  return {
    ...services,
    ...createFilePorts(services, supabaseAdmin),
    cleanup: createCleanupDatabase(supabaseAdmin),
    signal: AbortSignal.timeout(LONGEST_MS),
  };
}
