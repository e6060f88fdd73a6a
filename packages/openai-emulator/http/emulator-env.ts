import type { Connection } from "./stream-events.ts";

/** The values that the server passes to handlers with a request. */
export interface EmulatorEnv {
  Bindings: { connection?: Connection };
}
