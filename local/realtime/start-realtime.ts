import path from "node:path";
import { createTokenExchange } from "../gateway/tokens.ts";
import { SUPERUSER } from "../postgres/names.ts";
import type { PlatformDatabase } from "../postgres/platform-database.ts";
import { type Service, startService } from "../stack/service.ts";
import type { Site } from "../stack/site.ts";
import type { RealtimeEnvironment } from "./realtime-server.ts";

const READY = /^realtime ready on (http:\S+)/;

/** Starts the Realtime server on any port. After a crash, it starts again and the clients connect again. */
export async function startRealtime(
  { keys, apiUrl, log }: Site,
  database: PlatformDatabase,
): Promise<Service> {
  const issuer = `${apiUrl}/auth/v1`;
  const { jwks } = await createTokenExchange(keys, issuer);
  const env: RealtimeEnvironment = {
    PARLEY_REALTIME_DATABASE: database.url(SUPERUSER),
    PARLEY_REALTIME_PUBLISHABLE_KEY: keys.publishableKey,
    PARLEY_REALTIME_SECRET_KEY: keys.secretKey,
    PARLEY_REALTIME_JWKS: JSON.stringify(jwks),
    PARLEY_REALTIME_ISSUER: issuer,
  };
  return await startService({
    name: "realtime",
    command: process.execPath,
    args: [path.join(import.meta.dirname, "realtime-server.ts")],
    env,
    stopSignal: "SIGTERM",
    ready: READY,
    quiet: READY,
    log,
  });
}
