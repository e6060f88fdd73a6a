import { createOpenAI } from "../_shared/openai/client.ts";
import { readEnvironment } from "../_shared/http/environment.ts";
import { createLog } from "../_shared/http/log.ts";
import { createTurnRecoveryFunction } from "./handler.ts";

export default createTurnRecoveryFunction({
  openai: createOpenAI(readEnvironment(Deno.env.toObject())),
  log: createLog("turn-recovery"),
});
