import { type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { createAdaptorServer } from "@hono/node-server";
import { closeServer, listen } from "@parley/emulator-kit/listen.ts";
import { bindPort, type Bound, type WantedPort } from "../stack/bind-port.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/**
 * The HTTP server of the stack. It listens before any service can answer, because all parts need to know its address
 * when they start.
 */
export interface Door {
  /** Sets the handler. Requests that arrived earlier have waited for it. */
  open(fetch: Fetch): void;
  /** Passes WebSockets for Realtime on to the server at this address. Without an address, they are plain requests. */
  forwardRealtime(address: () => string | undefined): void;
  /** Ends all connections. May be called again. */
  close(): Promise<void>;
}

/**
 * Node's default of 5 seconds breaks requests of clients that pause for longer: such a client sends a body through a
 * connection that has just been closed. Load balancers in front of hosted projects keep connections for about a minute.
 */
const KEEP_ALIVE_MS = 65_000;

/** Listens on 127.0.0.1. Rejects when the wanted port is in use. */
export function bindDoor(wanted: WantedPort): Promise<Bound<Door>> {
  const { promise: answering, resolve: open } = Promise.withResolvers<Fetch>();
  const fetch: Fetch = async (request) => await (await answering)(request);
  let realtime: () => string | undefined = () => undefined;
  return bindPort(wanted, async (port) => {
    const server = createAdaptorServer({
      fetch,
      hostname: "127.0.0.1",
      serverOptions: {
        keepAliveTimeout: KEEP_ALIVE_MS,
        shouldUpgradeCallback: ({ url = "", headers }) =>
          headers.upgrade?.toLowerCase() === "websocket" && url.startsWith(REALTIME_PATH) &&
          realtime() !== undefined,
      },
    });
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      pipeTo(realtime(), { request, socket, head });
    });
    await listen(server, port);
    let closing: Promise<void> | undefined;
    return {
      open,
      forwardRealtime: (address) => void (realtime = address),
      close: () => closing ??= closeServer(server),
    };
  });
}

const REALTIME_PATH = "/realtime/v1/websocket";

/** A request for a WebSocket, its connection, and the first bytes after the request. */
interface Upgrade {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

/** Repeats a request for a WebSocket at another server and joins both connections. Either end closes both. */
function pipeTo(address: string | undefined, { request, socket, head }: Upgrade): void {
  if (address === undefined) return void socket.destroy();
  const { hostname, port } = new URL(address);
  const upstream = connect(Number(port), hostname, () => {
    const { method, url, httpVersion, rawHeaders } = request;
    const lines = rawHeaders.map((text, index) => text + (index % 2 === 0 ? ": " : "\r\n"));
    upstream.write(`${method} ${url} HTTP/${httpVersion}\r\n${lines.join("")}\r\n`);
    upstream.write(head);
    upstream.pipe(socket).pipe(upstream);
  });
  for (const [end, other] of [[socket, upstream], [upstream, socket]] as const) {
    end.on("error", () => other.destroy());
    end.on("close", () => other.destroy());
  }
}
