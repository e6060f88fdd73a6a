import { Hono } from "hono";
import { ApiError, toErrorResponse } from "./api-error.ts";
import { controlRoutes } from "./control-routes.ts";
import { conversationsRoutes } from "./conversations-routes.ts";
import type { EmulatorEnv } from "./emulator-env.ts";
import { failOnCommand, nameRequest, recordRequest, requireKey } from "./middleware.ts";
import { responsesRoutes } from "./responses-routes.ts";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { createState, type EmulatorState } from "./state.ts";
import type { Connection } from "./stream-events.ts";

/** Options of an emulator; without any it starts empty and forgets everything. */
export interface EmulatorOptions {
  /** What an earlier emulator knew. */
  snapshot?: Snapshot;
  /** Called after each change that a snapshot would show. */
  onChange?: () => void;
}

/** An OpenAI that answers from memory. */
export interface OpenAIEmulator {
  /** Answers a request; `connection` lets commanded disconnects break the real connection off. */
  fetch(request: Request, connection?: Connection): Promise<Response>;
  /** What the emulator knows now. */
  snapshot(): Snapshot;
  /** Cancels what is being generated; resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** An emulator of the part of OpenAI's API that Parley uses, with its control API on `/_emulator`. */
export function createOpenAIEmulator(options: EmulatorOptions = {}): OpenAIEmulator {
  const state = createState(options.onChange ?? (() => {}));
  if (options.snapshot) restoreSnapshot(state, options.snapshot);
  const app = buildApp(state);
  return {
    fetch: async (request, connection) => await app.fetch(request, { connection }),
    snapshot: () => takeSnapshot(state),
    async close() {
      const runs = [...state.runs.values()];
      for (const run of runs) run.cancel();
      await Promise.all(runs.map(({ finished }) => finished));
    },
  };
}

function buildApp(state: EmulatorState): Hono<EmulatorEnv> {
  const v1 = new Hono<EmulatorEnv>()
    .use(requireKey, failOnCommand(state))
    .route("/responses", responsesRoutes(state))
    .route("/conversations", conversationsRoutes(state));
  return new Hono<EmulatorEnv>()
    .use(nameRequest, recordRequest(state))
    .route("/_emulator", controlRoutes(state))
    .route("/v1", v1)
    .notFound(({ req }) =>
      new ApiError(404, `Invalid URL (${req.method} ${req.path})`).toResponse()
    )
    .onError(toErrorResponse);
}
