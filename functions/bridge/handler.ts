import type { Context } from "hono";
import {
  type BridgeReply,
  BridgeRequest,
  type BridgeSession,
  RedeemRequest,
} from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import type { FunctionEnv } from "../_shared/http/context.ts";
import { createFunction, parseBody, readJson } from "../_shared/http/create-function.ts";
import type { Log } from "../_shared/http/log.ts";
import { createBridgeDatabase, type Origin } from "./bridge-database.ts";
import { redeemCode } from "./redeem-code.ts";

/**
 * Creates the bridge function: `POST /bridge` gives a signed-in user a code, and `POST /bridge/redeem` exchanges it
 * once for a session.
 */
export function createBridgeFunction(log: Log) {
  const app = createFunction({ name: "bridge", log });

  app.post("/", allow("user"), async (c) => {
    const { supabase, supabaseAdmin } = c.var.supabaseContext;
    const { session_data } = parseBody(BridgeRequest, await readOptionalJson(c));
    const db = createBridgeDatabase(supabaseAdmin, supabase);
    return c.json<BridgeReply>(await db.issue(session_data, readOrigin(c)));
  });

  app.post("/redeem", allow("publishable"), async (c) => {
    const { supabase, supabaseAdmin } = c.var.supabaseContext;
    const { code } = parseBody(RedeemRequest, await readJson(c));
    const ports = {
      db: createBridgeDatabase(supabaseAdmin, supabase),
      admin: supabaseAdmin.auth.admin,
      auth: supabase.auth,
    };
    return c.json<BridgeSession>(await redeemCode(ports, code, readOrigin(c)));
  });
  return app;
}

/** Reads a JSON body; an empty body counts as `{}`. */
async function readOptionalJson(c: Context<FunctionEnv>): Promise<unknown> {
  return await c.req.text() === "" ? {} : await readJson(c);
}

function readOrigin(c: Context<FunctionEnv>): Origin {
  return {
    client_ip: c.req.header("x-forwarded-for")?.split(",")[0]?.trim(),
    user_agent: c.req.header("user-agent"),
  };
}
