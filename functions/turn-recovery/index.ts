import { createOpenAI } from "../_shared/openai.ts";
import { readEnvironment } from "../_shared/environment.ts";
import { createLog } from "../_shared/log.ts";
import { createTurnRecoveryFunction } from "./handler.ts";

export default createTurnRecoveryFunction({
  openai: createOpenAI(readEnvironment(Deno.env.toObject())),
  log: createLog("turn-recovery"),
});
