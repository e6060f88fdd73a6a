import type { EventEmitter } from "node:events";
import type { JWTPayload } from "jose";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { ReadToken } from "../gateway/tokens.ts";

/** What a connection needs from the server. */
export interface ConnectionPorts {
  /** Emits each broadcast under its topic. */
  broadcasts: EventEmitter;
  readToken: ReadToken;
  /** Tells whether the policies let the holder of the claims join the topic. */
  mayRead(topic: string, claims: JWTPayload): Promise<boolean>;
}

/** A message of the protocol. Source: https://supabase.com/docs/guides/realtime/protocol */
const Frame = z.tuple([
  z.string().nullable(),
  z.string().nullable(),
  z.string(),
  z.string(),
  z.unknown(),
]);

const Join = z.object({
  access_token: z.string(),
  config: z.object({
    private: z.literal(true),
    postgres_changes: z.array(z.unknown()).max(0).optional(),
    presence: z.object({ enabled: z.literal(false).optional() }).optional(),
  }),
});

const Renewal = z.object({ access_token: z.string() });

const Broadcast = z.object({ id: z.string(), event: z.string(), payload: z.unknown() });

const PREFIX = "realtime:";
const ONLY_PRIVATE =
  "Only private channels with broadcasts are available in the local stack. See docs/local-stack.md.";

/** A joined channel of a connection. */
interface Channel {
  joinRef: string | null;
  expiry: NodeJS.Timeout;
  hear(row: unknown): void;
}

/** Serves one client. Broadcasts of the client are ignored, as on Supabase without a policy for inserts. */
export function acceptConnection(socket: WebSocket, ports: ConnectionPorts): void {
  const channels = new Map<string, Channel>();
  let handled = Promise.resolve();
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => {
    // Binary frames are broadcasts.
    if (isBinary) return;
    handled = handled.then(() => handle(String(data))).catch(() => socket.terminate());
  });
  socket.on("close", () => {
    for (const topic of channels.keys()) drop(topic);
  });

  async function handle(text: string): Promise<void> {
    const [joinRef, ref, topic, event, payload] = Frame.parse(JSON.parse(text));
    const reply = (status: "ok" | "error", response: unknown = {}) =>
      send(joinRef, ref, topic, "phx_reply", { status, response });
    if (event === "heartbeat") return reply("ok");
    if (event === "phx_leave") {
      drop(topic);
      return reply("ok");
    }
    if (event === "access_token") return await renew(topic, payload);
    if (event !== "phx_join") return;
    drop(topic);
    const join = Join.safeParse(payload);
    const refusal = join.success
      ? await open(topic, joinRef, join.data.access_token)
      : ONLY_PRIVATE;
    if (refusal === null) reply("ok", { postgres_changes: [] });
    else reply("error", { reason: refusal });
  }

  /** Joins a channel, or joins it again with another token. Returns why not, or null. */
  async function open(topic: string, joinRef: string | null, token: string) {
    const name = topic.slice(PREFIX.length);
    const claims = await ports.readToken(token).catch((error: Error) => error);
    if (claims instanceof Error) return `InvalidJWTToken: ${claims.message}`;
    if (!await ports.mayRead(name, claims)) {
      return `Unauthorized: You do not have permissions to read from this Channel topic: ${name}`;
    }
    // The client may have left during the checks.
    if (socket.readyState !== socket.OPEN) return "The connection is closed.";
    const hear = (row: unknown) => {
      const { id, event, payload } = Broadcast.parse(row);
      send(null, null, topic, "broadcast", { type: "broadcast", event, payload, meta: { id } });
    };
    const left = (claims.exp ?? 0) * 1000 - Date.now();
    const expiry = setTimeout(() => close(topic, "Token has expired"), left);
    drop(topic);
    channels.set(topic, { joinRef, expiry, hear });
    ports.broadcasts.on(name, hear);
    return null;
  }

  async function renew(topic: string, payload: unknown): Promise<void> {
    const joinRef = channels.get(topic)?.joinRef;
    if (joinRef === undefined) return;
    const renewal = Renewal.safeParse(payload);
    const refusal = renewal.success
      ? await open(topic, joinRef, renewal.data.access_token)
      : "The token is missing";
    if (refusal !== null) close(topic, refusal, joinRef);
  }

  function close(topic: string, message: string, joinRef = channels.get(topic)?.joinRef ?? null) {
    drop(topic);
    const channel = topic.slice(PREFIX.length);
    send(joinRef, null, topic, "system", {
      extension: "system",
      status: "error",
      message,
      channel,
    });
    send(joinRef, joinRef, topic, "phx_close", {});
  }

  function drop(topic: string): void {
    const channel = channels.get(topic);
    if (!channel) return;
    clearTimeout(channel.expiry);
    ports.broadcasts.off(topic.slice(PREFIX.length), channel.hear);
    channels.delete(topic);
  }

  function send(...frame: z.infer<typeof Frame>): void {
    socket.send(JSON.stringify(frame));
  }
}
