import type { HealthReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { describeError, type Log } from "../_shared/http/log.ts";
import { unwrap } from "../_shared/http/refusal.ts";

/** `GET /health`: is the process up, does the database answer, and which schema does it have. */
export function createHealthFunction(log: Log) {
  const app = createFunction({ name: "health", log });
  app.get("/", allow("none"), async (c) => {
    try {
      const version = unwrap(await c.var.supabaseContext.supabaseAdmin.rpc("schema_version"));
      return c.json<HealthReply>({ status: "ok", database: "ok", schema_version: version });
    } catch (error) {
      log.error("database_unavailable", { request_id: c.var.requestId, ...describeError(error) });
      const reply: HealthReply = {
        status: "unavailable",
        database: "unavailable",
        schema_version: null,
      };
      return c.json(reply, 503);
    }
  });
  return app;
}
