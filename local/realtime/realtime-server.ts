// Runs as a process of its own: the part of Supabase Realtime that private channels with broadcasts need.
import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import process from "node:process";
import { endWithSupervisor } from "@parley/emulator-kit/end-with-supervisor.ts";
import pg from "pg";
import { WebSocketServer } from "ws";
import * as z from "zod";
import { isBrowser } from "../gateway/credentials.ts";
import { createTokenReader } from "../gateway/tokens.ts";
import { openPool } from "../postgres/open-pool.ts";
import {
  acceptConnection,
  Broadcast,
  type BroadcastEvents,
  type Broadcasts,
} from "./connection.ts";
import { mayRead } from "./may-read.ts";

const Environment = z.object({
  PARLEY_REALTIME_DATABASE: z.string(),
  PARLEY_REALTIME_PUBLISHABLE_KEY: z.string(),
  PARLEY_REALTIME_SECRET_KEY: z.string(),
  PARLEY_REALTIME_JWKS: z.string(),
  PARLEY_REALTIME_ISSUER: z.string(),
});

/** The variables of this process. The supervisor sets them. */
export type RealtimeEnvironment = z.infer<typeof Environment>;

const LONGEST_FRAME = 64 * 1024;

const environment = Environment.parse(process.env);
const database = environment.PARLEY_REALTIME_DATABASE;
const { PARLEY_REALTIME_PUBLISHABLE_KEY: publishableKey, PARLEY_REALTIME_SECRET_KEY: secretKey } =
  environment;
const readToken = createTokenReader(
  JSON.parse(environment.PARLEY_REALTIME_JWKS),
  environment.PARLEY_REALTIME_ISSUER,
);

const broadcasts: Broadcasts = new EventEmitter<BroadcastEvents>().setMaxListeners(0);
await emitBroadcasts();
const pool = openPool(database, 2);

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  path: "/realtime/v1/websocket",
  maxPayload: LONGEST_FRAME,
  verifyClient({ req }: { req: IncomingMessage }) {
    const { searchParams } = new URL(req.url ?? "", "http://127.0.0.1");
    const apiKey = searchParams.get("apikey");
    if (searchParams.get("vsn") !== "2.0.0") return false;
    if (apiKey === secretKey) return !isBrowser(req.headers["user-agent"]);
    return apiKey === publishableKey;
  },
});
server.on("connection", (socket) => {
  acceptConnection(socket, {
    broadcasts,
    readToken,
    mayRead: (topic, claims) => mayRead(pool, topic, claims),
  });
});
server.on("listening", () => {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  console.log(`realtime ready on http://127.0.0.1:${address.port}`);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit());
endWithSupervisor(() => process.exit());

/** Reads each row that `realtime.send` inserts. Ends the process when Postgres ends, so that clients connect again. */
async function emitBroadcasts(): Promise<void> {
  const client = new pg.Client(database);
  client.on("error", () => process.exit(1));
  client.on("notification", async ({ payload: id }) => {
    const { rows: [row] } = await client.query(
      "select id, topic, event, payload from realtime.messages where id = $1 and private",
      [id],
    );
    // A row without an event is no broadcast.
    const { data: broadcast } = Broadcast.safeParse(row);
    if (broadcast) broadcasts.emit(`realtime:${broadcast.topic}`, broadcast);
  });
  await client.connect();
  await client.query("listen realtime_messages");
}
