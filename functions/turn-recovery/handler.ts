import type { RecoveryReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { runScheduled } from "../_shared/http/scheduled-call.ts";
import type { FileServices } from "../_shared/session-files/file-ports.ts";
import { createTurnPorts } from "../_shared/turn/create-turn-ports.ts";
import { recoverTurns } from "./recover-turns.ts";

/** Creates the function `POST /turn-recovery` (secret key, every minute): settles turns whose function has died. */
export function createTurnRecoveryFunction(services: FileServices) {
  const app = createFunction({ name: "turn-recovery", log: services.log });
  app.post("/", allow("secret"), async (c) => {
    const ports = createTurnPorts(services, c.var.supabaseContext.supabaseAdmin);
    const recover = () => recoverTurns(ports);
    const hasWorked = ({ checked, errors }: RecoveryReply) => checked > errors;
    return c.json<RecoveryReply>(await runScheduled(c, services.log, recover, hasWorked));
  });
  return app;
}
