import type { Connection } from "./stream-events.ts";

/** What a handler gets beside the request. */
export interface EmulatorEnv {
  Bindings: { connection?: Connection };
}
