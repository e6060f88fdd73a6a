import type { Context } from "hono";
import * as z from "zod";
import {
  LookoutChange,
  type LookoutReply,
  LookoutRequest,
  type LookoutRunReply,
  type LookoutsReply,
} from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { runInBackground } from "../_shared/http/background.ts";
import { requireUserId } from "../_shared/http/caller.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { FileServices } from "../_shared/session-files/file-ports.ts";
import { createTurnPorts } from "../_shared/turn/create-turn-ports.ts";
import type { FunctionEnv } from "../_shared/http/context.ts";
import { createFunction, parseBody, readJson } from "../_shared/http/create-function.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { runScheduled } from "../_shared/http/scheduled-call.ts";
import { changeLookout, type ChangePorts, createLookout } from "./change-lookout.ts";
import { createLookoutDatabase } from "./lookout-database.ts";
import { runDueLookouts } from "./run-due-lookouts.ts";
import type { RunPorts } from "./start-run.ts";
import { startRunNow } from "./start-run-now.ts";

/**
 * Creates the lookouts function. `POST /lookouts` creates a lookout, `PATCH` and `DELETE /lookouts/:id` change and
 * delete it, and `POST /lookouts/:id/run` runs it now. `POST /lookouts/run` (secret key, every minute) starts
 * due lookouts.
 */
export function createLookoutsFunction(services: FileServices) {
  const app = createFunction({ name: "lookouts", log: services.log });
  const asUser = allow("user");

  app.post("/", asUser, async (c) => {
    const request = parseBody(LookoutRequest, await readJson(c));
    const lookout = await createLookout(changePorts(c), requireUserId(c), request);
    c.var.facts.profile_id = lookout.user_id;
    return c.json<LookoutReply>(lookout, 201);
  });

  app.post("/run", allow("secret"), async (c) => {
    const start = () => runDueLookouts(runPorts(c, services));
    const hasWorked = ({ claimed }: LookoutsReply) => claimed > 0;
    return c.json<LookoutsReply>(await runScheduled(c, services.log, start, hasWorked));
  });

  app.patch("/:id", asUser, async (c) => {
    const change = parseBody(LookoutChange, await readJson(c));
    const id = readLookoutId(c);
    const lookout = await changeLookout(changePorts(c), requireUserId(c), id, change);
    c.var.facts.profile_id = lookout.user_id;
    return c.json<LookoutReply>(lookout);
  });

  app.delete("/:id", asUser, async (c) => {
    const { lookouts } = changePorts(c);
    c.var.facts.profile_id = await lookouts.remove(requireUserId(c), readLookoutId(c));
    return c.body(null, 204);
  });

  app.post("/:id/run", asUser, async (c) => {
    const ports = { ...changePorts(c), ...runPorts(c, services) };
    const { run, settled } = startRunNow(ports, requireUserId(c), readLookoutId(c));
    runInBackground(settled);
    const reply = await run;
    c.var.facts.profile_id = reply.user_id;
    return c.json<LookoutRunReply>(reply, 202);
  });
  return app;
}

const now = () => new Date();

function changePorts(c: Context<FunctionEnv>): ChangePorts {
  const { supabase, supabaseAdmin } = c.var.supabaseContext;
  return {
    lookouts: createLookoutDatabase(supabaseAdmin),
    find: async (id) => unwrap(await supabase.from("lookouts").select().eq("id", id).maybeSingle()),
    now,
  };
}

function runPorts(c: Context<FunctionEnv>, services: FileServices): RunPorts {
  const { supabaseAdmin } = c.var.supabaseContext;
  return {
    ...createTurnPorts(services, supabaseAdmin),
    lookouts: createLookoutDatabase(supabaseAdmin),
    now,
  };
}

function readLookoutId(c: Context<FunctionEnv>): string {
  const parsed = z.guid().safeParse(c.req.param("id"));
  if (parsed.success) return parsed.data;
  throw new AppError("lookout_not_found");
}
