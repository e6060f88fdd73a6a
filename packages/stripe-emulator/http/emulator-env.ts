import type { EventOrigin } from "../work.ts";

/** What a handler gets beside the request. */
export interface EmulatorEnv {
  Variables: {
    /** The request that the events of this request will name. */
    origin: EventOrigin;
    /** Query and form of the request, nested as its brackets say; every leaf is a text. */
    params: Record<string, unknown>;
  };
}
