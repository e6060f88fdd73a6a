import type Stripe from "stripe";
import { allow } from "../_shared/http/allow.ts";
import { requireUserId } from "../_shared/http/caller.ts";
import { createFileStorage } from "../_shared/session-files/file-storage.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import type { Log } from "../_shared/http/log.ts";
import { createDeletionPorts } from "./deletion-ports.ts";
import { eraseAccount } from "./erase-account.ts";
import type { ApiAccess } from "./environment.ts";
import { createExportDatabase } from "./export-database.ts";
import { exportPart, readPosition } from "./export-part.ts";
import { streamText } from "./stream-text.ts";

/** The services that all requests share. */
export interface AccountServices {
  api: ApiAccess;
  /** Null in a project that does not sell anything: it has no customers to delete. */
  stripe: Stripe | null;
  log: Log;
}

/** Creates the function that exports (`GET /account/export`) or deletes (`DELETE /account`) all data of a user. */
export function createAccountFunction({ api, stripe, log }: AccountServices) {
  const app = createFunction({ name: "account", log });
  const asUser = allow("user");

  app.get("/export", asUser, async (c) => {
    const { supabase } = c.var.supabaseContext;
    const db = createExportDatabase(api, supabase, c.req.header("authorization") ?? "");
    const from = readPosition(c.req.query("after"));
    // Refuses before the stream starts, so that the refusal has a status.
    c.var.facts.profile_id = await db.ensureProfile();
    const first = await db.readPage(from);
    const ports = { db, storage: createFileStorage(supabase) };
    const body = streamText(exportPart(ports, new Date(), from, first), log, c.var.requestId);
    const day = new Date().toISOString().slice(0, 10);
    return c.body(body, 200, {
      "content-type": "application/json",
      "content-disposition": `attachment; filename="parley-export-${day}.json"`,
      "cache-control": "no-store",
    });
  });

  app.delete("/", asUser, async (c) => {
    const ports = createDeletionPorts({ stripe, log }, c.var.supabaseContext);
    const account = await ports.closeAccount();
    c.var.facts.profile_id = account.profile_id;
    await eraseAccount(ports, requireUserId(c), account);
    return c.body(null, 204);
  });
  return app;
}
