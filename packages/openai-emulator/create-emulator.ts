import { Hono } from "hono";
import { ApiError, toErrorResponse } from "./http/api-error.ts";
import { createBlobStore } from "./files/blob-store.ts";
import { containersRoutes } from "./containers/containers-routes.ts";
import { controlRoutes } from "./control/control-routes.ts";
import { conversationsRoutes } from "./conversations/conversations-routes.ts";
import type { EmulatorEnv } from "./http/emulator-env.ts";
import { filesRoutes } from "./files/files-routes.ts";
import {
  failOnCommand,
  keepTime,
  nameRequest,
  recordRequest,
  requireKey,
} from "./http/middleware.ts";
import { responsesRoutes } from "./responses/responses-routes.ts";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { createState, type EmulatorState } from "./state.ts";
import type { Connection } from "./http/stream-events.ts";
import { sendEvent, type WebhookEndpoint } from "./webhooks/send-event.ts";
import { vectorStoresRoutes } from "./stores/vector-stores-routes.ts";

/** Options of an emulator; by default it starts empty and keeps nothing after its end. */
export interface EmulatorOptions {
  /** The state of an earlier emulator. */
  snapshot?: Snapshot;
  /** Called after each change to the state that a snapshot holds. */
  onChange?: () => void;
  /** The folder for the bytes of files; by default a temporary folder that `close` removes. */
  filesFolder?: string;
  /** Receives the events about background responses; by default none are sent. */
  webhook?: WebhookEndpoint;
  /** The usual speed of replies; 0, the default, is as fast as possible. */
  tokensPerSecond?: number;
  /** Returns the time for expiry, in milliseconds since 1970. */
  now?: () => number;
}

/** An emulator that keeps its state in memory; only the bytes of files are on disk. */
export interface OpenAIEmulator {
  /** Handles a request; with `connection`, a commanded disconnect breaks the real connection. */
  fetch(request: Request, connection?: Connection): Promise<Response>;
  /** Returns the current state. */
  snapshot(): Snapshot;
  /** Cancels running responses and the reading of files; resolves when nothing runs any more. */
  close(): Promise<void>;
}

/** Creates an emulator of the part of OpenAI's API that Parley uses, with its control API on `/_emulator`. */
export function createOpenAIEmulator(options: EmulatorOptions = {}): OpenAIEmulator {
  const { snapshot, filesFolder, webhook, now = Date.now, onChange = () => {} } = options;
  const files = snapshot?.files ?? [];
  const state = createState({
    blobs: createBlobStore(filesFolder, files.map(({ id }) => id)),
    tokensPerSecond: options.tokensPerSecond || Infinity,
    now: () => Math.floor(now() / 1000),
    changed: onChange,
    ended: (response) => webhook && void sendEvent(webhook, response),
  });
  if (snapshot) restoreSnapshot(state, snapshot);
  const app = buildApp(state);
  return {
    fetch: async (request, connection) => await app.fetch(request, { connection }),
    snapshot: () => takeSnapshot(state),
    async close() {
      const runs = [...state.runs.values()];
      for (const run of runs) run.cancel();
      await Promise.all(runs.map(({ finished }) => finished));
      await state.extractions.close();
      await state.blobs.close();
    },
  };
}

function buildApp(state: EmulatorState): Hono<EmulatorEnv> {
  const v1 = new Hono<EmulatorEnv>()
    .use(requireKey, failOnCommand(state))
    .route("/responses", responsesRoutes(state))
    .route("/containers", containersRoutes(state))
    .route("/conversations", conversationsRoutes(state))
    .route("/files", filesRoutes(state))
    .route("/vector_stores", vectorStoresRoutes(state));
  return new Hono<EmulatorEnv>()
    .use(nameRequest, recordRequest(state), keepTime(state))
    .route("/_emulator", controlRoutes(state))
    .route("/v1", v1)
    .notFound(({ req }) =>
      new ApiError(404, `Invalid URL (${req.method} ${req.path})`).toResponse()
    )
    .onError(toErrorResponse);
}
