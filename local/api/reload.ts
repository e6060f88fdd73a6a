import postgres from "postgres";
import { surviveLostConnections } from "./survive-lost-connections.ts";
import { createLiteApp, type LiteApp, type LiteOptions } from "./lite-app.ts";

/** The app that serves now; a new one takes over whenever the schema changes. */
export interface ReloadingApp {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Migrations notify once a statement; one reload after the last is enough. */
const SETTLE_MS = 100;
/** How long requests that the old app has begun may take. */
const DRAIN_MS = 15_000;

/** Serves an app that follows the schema, as PostgREST does: on `NOTIFY pgrst`, and after a lost connection. */
export async function createReloadingApp(options: LiteOptions): Promise<ReloadingApp> {
  const draining = new Set<LiteApp>();
  let app = createLiteApp(options);
  let settling: NodeJS.Timeout | undefined;
  const listener = postgres(options.databaseUrl, { max: 1, onnotice: () => {} });
  let listening = false;
  await listener.listen("pgrst", settle, () => {
    // Called again after every reconnection: what was notified in between is lost.
    if (listening) settle();
    listening = true;
  });

  const undoSurvival = surviveLostConnections(settle);

  function settle(): void {
    clearTimeout(settling);
    settling = setTimeout(replace, SETTLE_MS);
  }

  function replace(): void {
    const old = app;
    app = createLiteApp(options);
    draining.add(old);
    setTimeout(() => draining.delete(old) && void old.connection.close(), DRAIN_MS).unref();
  }

  return {
    fetch: (request) => app.fetch(request, { peerAddress: null }),
    async close() {
      clearTimeout(settling);
      undoSurvival();
      await listener.end({ timeout: 1 });
      await Promise.all([app, ...draining].map((each) => each.connection.close()));
    },
  };
}
