import type { EventOrigin } from "../work.ts";

/** The values that the server passes to handlers with a request. */
export interface EmulatorEnv {
  Variables: {
    /** The cause that the events of this request name. */
    origin: EventOrigin;
    /** The query and the form of the request, nested as their brackets say; every leaf is a string. */
    params: Record<string, unknown>;
  };
}
