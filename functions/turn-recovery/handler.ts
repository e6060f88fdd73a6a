import type { RecoveryReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { runScheduled } from "../_shared/http/scheduled-call.ts";
import { createTurnDatabase } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";
import { recoverTurns } from "./recover-turns.ts";

/** Creates the function `POST /turn-recovery` (secret key, every minute): settles turns whose function has died. */
export function createTurnRecoveryFunction(ports: Omit<TurnPorts, "db">) {
  const app = createFunction({ name: "turn-recovery", log: ports.log });
  app.post("/", allow("secret"), async (c) => {
    const db = createTurnDatabase(c.var.supabaseContext.supabaseAdmin);
    const recover = () => recoverTurns({ ...ports, db });
    const hasWorked = ({ checked, errors }: RecoveryReply) => checked > errors;
    return c.json<RecoveryReply>(await runScheduled(c, ports.log, recover, hasWorked));
  });
  return app;
}
