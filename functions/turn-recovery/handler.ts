import type { RecoveryReply } from "../../types/api.ts";
import { allow } from "../_shared/http/allow.ts";
import { createFunction } from "../_shared/http/create-function.ts";
import { createTurnDatabase } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";
import { recoverTurns } from "./recover-turns.ts";

/** Creates the function `POST /turn-recovery` (secret key, every minute): settles turns whose function has died. */
export function createTurnRecoveryFunction(ports: Omit<TurnPorts, "db">) {
  const app = createFunction({ name: "turn-recovery", log: ports.log });
  app.post("/", allow("secret"), async (c) => {
    const db = createTurnDatabase(c.var.supabaseContext.supabaseAdmin);
    return c.json<RecoveryReply>(await recoverTurns({ ...ports, db }));
  });
  return app;
}
