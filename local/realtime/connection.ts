import type { EventEmitter } from "node:events";
import type { JWTPayload } from "jose";
import type { WebSocket } from "ws";
import * as z from "zod";
import type { ReadToken } from "../gateway/tokens.ts";

/** A row of `realtime.messages`. */
export const Broadcast = z.object({
  id: z.string(),
  topic: z.string(),
  event: z.string(),
  payload: z.unknown(),
});
export type Broadcast = z.infer<typeof Broadcast>;

/** Each broadcast under its topic in frames. The prefix keeps a topic apart from Node's own event `error`. */
export type BroadcastEvents = Record<`realtime:${string}`, [Broadcast]>;
/** Emits each broadcast to the channels that hear it. */
export type Broadcasts = EventEmitter<BroadcastEvents>;

/** What a connection needs from the server. */
export interface ConnectionPorts {
  broadcasts: Broadcasts;
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

const Renewal = z.object({ access_token: z.string().nullable() });

/** The beginning of each topic in frames. */
const PREFIX = "realtime:";
const ONLY_PRIVATE =
  "Only private channels with broadcasts are available in the local stack. See docs/local-stack.md.";

/** Channels that a connection may join. Source: https://supabase.com/docs/guides/realtime/limits */
const MAX_CHANNELS = 100;
/** The time without a message after which the server closes a connection. Clients send a heartbeat every 25 seconds. */
const SILENCE_MS = 60_000;
/** The bytes that may wait for a client that does not read. Then its connection ends. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** A timer cannot run for longer than 25 days, so the expiry of a token is looked at after this time at the latest. */
const LONGEST_TIMER_MS = 60 * 60 * 1000;

/** A joined channel of a connection. */
interface Channel {
  joinRef: string | null;
  token: string;
  expiry: NodeJS.Timeout;
  hear(broadcast: Broadcast): void;
}

/**
 * Serves one client as Supabase does, as far as private channels with broadcasts from the database need it. Broadcasts
 * of the client are ignored, because no policy allows inserts.
 * Source: https://github.com/supabase/realtime/blob/main/lib/realtime_web/channels/realtime_channel.ex
 */
export function acceptConnection(socket: WebSocket, ports: ConnectionPorts): void {
  const channels = new Map<string, Channel>();
  const endWhenSilent = () => setTimeout(() => socket.terminate(), SILENCE_MS);
  let silence = endWhenSilent();
  let handled = Promise.resolve();
  let waiting = 0;
  socket.on("error", () => socket.terminate());
  socket.on("message", (data, isBinary) => {
    clearTimeout(silence);
    silence = endWhenSilent();
    // Binary frames are broadcasts.
    if (isBinary) return;
    waiting += 1;
    // A client that sends faster than it is served waits.
    socket.pause();
    handled = handled.then(() => handle(String(data))).catch(() => socket.terminate()).then(() => {
      waiting -= 1;
      if (waiting === 0) socket.resume();
    });
  });
  socket.on("close", () => {
    clearTimeout(silence);
    for (const topic of channels.keys()) drop(topic);
  });

  async function handle(text: string): Promise<void> {
    if (socket.readyState !== socket.OPEN) return;
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
    const name = topic.startsWith(PREFIX) ? topic.slice(PREFIX.length) : "";
    if (name === "") return "TopicNameRequired: You must provide a topic name";
    if (!channels.has(topic) && channels.size >= MAX_CHANNELS) {
      return "ChannelRateLimitReached: Too many channels";
    }
    const claims = await readClaims(token).catch((error: Error) => error);
    if (claims instanceof Error) return `InvalidJWTToken: ${claims.message}`;
    if (!await ports.mayRead(name, claims)) {
      return `Unauthorized: You do not have permissions to read from this Channel topic: ${name}`;
    }
    // The client may have left during the checks.
    if (socket.readyState !== socket.OPEN) return "The connection is closed.";
    const hear = ({ id, event, payload }: Broadcast) =>
      send(null, null, topic, "broadcast", { type: "broadcast", event, payload, meta: { id } });
    drop(topic);
    channels.set(topic, { joinRef, token, expiry: expire(topic, claims), hear });
    ports.broadcasts.on(`${PREFIX}${name}`, hear);
    return null;
  }

  /** Reads the claims of a token. An API key is no token of a user. */
  async function readClaims(token: string): Promise<JWTPayload> {
    return isApiKey(token) ? { role: "anon" } : await ports.readToken(token);
  }

  /** Closes a channel when its token expires. */
  function expire(topic: string, claims: JWTPayload): NodeJS.Timeout {
    const left = (claims.exp ?? 0) * 1000 - Date.now();
    return setTimeout(() => {
      const channel = channels.get(topic);
      if (left <= LONGEST_TIMER_MS) close(topic, "Token has expired");
      else if (channel) channel.expiry = expire(topic, claims);
    }, Math.min(left, LONGEST_TIMER_MS));
  }

  async function renew(topic: string, payload: unknown): Promise<void> {
    const channel = channels.get(topic);
    if (!channel) return;
    const { joinRef } = channel;
    const token = Renewal.safeParse(payload).data?.access_token ?? null;
    // The channel then keeps its token. A client sends its API key after a sign-out.
    if (token === null || isApiKey(token) || token === channel.token) return;
    const refusal = await open(topic, joinRef, token);
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
    ports.broadcasts.off(`${PREFIX}${topic.slice(PREFIX.length)}`, channel.hear);
    channels.delete(topic);
  }

  function send(...frame: z.infer<typeof Frame>): void {
    if (socket.bufferedAmount > MAX_WAITING_BYTES) return socket.terminate();
    socket.send(JSON.stringify(frame));
  }
}

const isApiKey = (token: string) => token.startsWith("sb_");
