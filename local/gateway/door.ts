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

/** Listens on 127.0.0.1. Rejects when the wanted port is in use. */
export function bindDoor(wanted: WantedPort): Promise<Bound<Door>> {
  const { promise: answering, resolve: open } = Promise.withResolvers<Fetch>();
  const fetch: Fetch = async (request) => await (await answering)(request);
  return bindPort(wanted, async (port) => {
    const server = createAdaptorServer({ fetch, hostname: "127.0.0.1" });
    await listen(server, port);
    let closing: Promise<void> | undefined;
    return { open, close: () => closing ??= closeServer(server) };
  });
}
