import type { Context } from "hono";
import * as z from "zod";
import { unwrap } from "./refusal.ts";
import type { FunctionEnv } from "./context.ts";
import { readJson } from "./create-function.ts";
import { describeError, type Log } from "./log.ts";

/** The body of a call by the dispatcher. Someone who calls the function by hand sends no `call_id`. */
const ScheduledBody = z.looseObject({ call_id: z.number().int().optional() });

/**
 * Does the work of a scheduled call, and reports its end to the dispatcher, which makes the next calls at once if this
 * one has worked. The dispatcher learns of a call that fails or dies from its response.
 */
export async function runScheduled<Reply>(
  c: Context<FunctionEnv>,
  log: Log,
  work: () => Promise<Reply>,
  hasWorked: (reply: Reply) => boolean,
): Promise<Reply> {
  const call_id = await readCallId(c);
  const reply = await work();
  if (call_id === undefined) return reply;
  const { supabaseAdmin } = c.var.supabaseContext;
  try {
    unwrap(await supabaseAdmin.rpc("finish_call", { call_id, has_worked: hasWorked(reply) }));
  } catch (error) {
    log.error("call_not_finished", { call_id, ...describeError(error) });
  }
  return reply;
}

async function readCallId(c: Context<FunctionEnv>): Promise<number | undefined> {
  const hasBody = c.req.header("content-type")?.startsWith("application/json") ?? false;
  const parsed = ScheduledBody.safeParse(hasBody ? await readJson(c) : {});
  return parsed.success ? parsed.data.call_id : undefined;
}
