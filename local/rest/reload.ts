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
/** How long requests that an old app has begun may take; it is closed when the last of them ends. */
const DRAIN_MS = 15_000;

/** An app with a pool of connections, and how many requests it is answering. */
interface Serving {
  app: LiteApp;
  underWay: number;
}

/** Serves an app that follows the schema, as PostgREST does: on `NOTIFY pgrst`, and after a lost connection. */
export async function createReloadingApp(options: LiteOptions): Promise<ReloadingApp> {
  const open = (): Serving => ({ app: createLiteApp(options), underWay: 0 });
  const draining = new Set<Serving>();
  let current = open();
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
    const old = current;
    current = open();
    draining.add(old);
    if (old.underWay === 0) end(old);
    // A request whose connection was lost never ends by itself.
    setTimeout(() => end(old), DRAIN_MS).unref();
  }

  function end(old: Serving): void {
    if (draining.delete(old)) void old.app.connection.close();
  }

  return {
    async fetch(request) {
      const serving = current;
      serving.underWay += 1;
      try {
        return await serving.app.fetch(request, { peerAddress: null });
      } finally {
        serving.underWay -= 1;
        if (serving.underWay === 0) end(serving);
      }
    },
    async close() {
      clearTimeout(settling);
      undoSurvival();
      await listener.end({ timeout: 1 });
      await Promise.all([current, ...draining].map(({ app }) => app.connection.close()));
    },
  };
}
