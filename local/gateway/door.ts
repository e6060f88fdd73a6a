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
  return bindPort(wanted, async (port) => {
    const server = createAdaptorServer({
      fetch,
      hostname: "127.0.0.1",
      serverOptions: { keepAliveTimeout: KEEP_ALIVE_MS },
    });
    await listen(server, port);
    let closing: Promise<void> | undefined;
    return { open, close: () => closing ??= closeServer(server) };
  });
}
