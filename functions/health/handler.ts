import type { HealthReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { describeError, type Log } from "../_shared/http/log.ts";
import { isOutdated } from "../_shared/http/outdated.ts";
import { unwrap } from "../_shared/http/refusal.ts";

/** Creates the function `GET /health`: says whether the database responds and which schema version it has. */
export function createHealthFunction(log: Log) {
  const app = createFunction({ name: "health", log });
  app.get("/", allow("none"), async (c) => {
    try {
      const { supabaseAdmin } = c.var.supabaseContext;
      const [version, release] = await Promise.all([
        supabaseAdmin.rpc("schema_version"),
        supabaseAdmin.rpc("release"),
      ]);
      return c.json<HealthReply>({
        status: "ok",
        database: "ok",
        schema_version: unwrap(version),
        release: unwrap(release),
      });
    } catch (error) {
      if (isOutdated(error)) throw error;
      log.error("database_unavailable", { request_id: c.var.requestId, ...describeError(error) });
      const reply: HealthReply = {
        status: "unavailable",
        database: "unavailable",
        schema_version: null,
        release: null,
      };
      return c.json(reply, 503);
    }
  });
  return app;
}
