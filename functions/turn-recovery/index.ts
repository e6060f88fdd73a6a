import { readEnvironment } from "../_shared/http/environment.ts";
import { createLog } from "../_shared/http/log.ts";
import { createFileServices } from "../_shared/session-files/file-services.ts";
import { createTurnRecoveryFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createTurnRecoveryFunction(
  await createFileServices(environment, createLog("turn-recovery")),
);
