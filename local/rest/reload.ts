import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import { surviveLostConnections } from "./survive-lost-connections.ts";
import { createLiteApp, type LiteApp, type LiteOptions } from "./lite-app.ts";

/** A REST app that is replaced by a new one whenever the schema changes. */
export interface ReloadingApp {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** Migrations send a notification for each statement. One reload after the last is enough. */
const SETTLE_MS = 100;
/** The longest time that a replaced app may take to answer its last requests. It closes earlier if all have ended. */
const DRAIN_MS = 15_000;
/** The longest time that connections may take to close. postgres.js may wait for ever for those just being opened. */
const CLOSE_MS = 1_000;

/** An app with its connections, and the number of requests in progress. */
interface Serving {
  app: LiteApp;
  underWay: number;
}

/** Creates an app that reloads the schema as PostgREST does: after `NOTIFY pgrst`, and after a lost connection. */
export async function createReloadingApp(options: LiteOptions): Promise<ReloadingApp> {
  const open = (): Serving => ({ app: createLiteApp(options), underWay: 0 });
  const draining = new Set<Serving>();
  let current = open();
  let settling: NodeJS.Timeout | undefined;
  let isClosing = false;
  const listener = postgres(options.databaseUrl, { max: 1, onnotice: () => {} });
  let listening = false;
  await listener.listen("pgrst", settle, () => {
    // Runs again after every reconnection, because notifications in between are lost.
    if (listening) settle();
    listening = true;
  });

  const undoSurvival = surviveLostConnections(settle);

  function settle(): void {
    if (isClosing) return;
    clearTimeout(settling);
    settling = setTimeout(replace, SETTLE_MS);
  }

  function replace(): void {
    const old = current;
    current = open();
    draining.add(old);
    if (old.underWay === 0) end(old);
    // A request on a lost connection may never end.
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
      isClosing = true;
      clearTimeout(settling);
      await listener.end({ timeout: 1 });
      const closed = [current, ...draining].map(({ app }) => app.connection.close());
      // Connections that are still open then end when Postgres stops.
      await Promise.race([Promise.all(closed).then(undoSurvival), delay(CLOSE_MS)]);
    },
  };
}
