// Runs as a process of its own: the part of Supabase Realtime that private channels with broadcasts need.
import { EventEmitter } from "node:events";
import process from "node:process";
import { endWithSupervisor } from "@parley/emulator-kit/end-with-supervisor.ts";
import pg from "pg";
import { WebSocketServer } from "ws";
import { z } from "zod";
import { createTokenReader } from "../gateway/tokens.ts";
import { openPool } from "../postgres/open-pool.ts";
import { acceptConnection } from "./connection.ts";
import { mayRead } from "./may-read.ts";

const Environment = z.object({
  PARLEY_REALTIME_DATABASE: z.string(),
  /** Separated by a space. */
  PARLEY_REALTIME_API_KEYS: z.string(),
  PARLEY_REALTIME_JWKS: z.string(),
  PARLEY_REALTIME_ISSUER: z.string(),
});

/** The variables of this process. The supervisor sets them. */
export type RealtimeEnvironment = z.infer<typeof Environment>;

const LONGEST_FRAME = 64 * 1024;

const environment = Environment.parse(process.env);
const database = environment.PARLEY_REALTIME_DATABASE;
const apiKeys = environment.PARLEY_REALTIME_API_KEYS.split(" ");
const readToken = createTokenReader(
  JSON.parse(environment.PARLEY_REALTIME_JWKS),
  environment.PARLEY_REALTIME_ISSUER,
);

/** Emits each broadcast under its topic. */
const broadcasts = new EventEmitter().setMaxListeners(0);
await emitBroadcasts();
const pool = openPool(database, 2);

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  path: "/realtime/v1/websocket",
  maxPayload: LONGEST_FRAME,
  verifyClient({ req }: { req: { url?: string } }) {
    const { searchParams } = new URL(req.url ?? "", "http://127.0.0.1");
    return searchParams.get("vsn") === "2.0.0" &&
      apiKeys.includes(searchParams.get("apikey") ?? "");
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
    if (row) broadcasts.emit(row.topic, row);
  });
  await client.connect();
  await client.query("listen realtime_messages");
}
