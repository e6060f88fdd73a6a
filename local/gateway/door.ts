import { serve, type ServerType } from "@hono/node-server";
import { bindPort, type Bound, type WantedPort } from "../stack/bind-port.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/** The stack's HTTP server: it listens before anything can answer, so that its address is known to all parts. */
export interface Door {
  /** Hands over who answers; requests that came earlier have waited for it. */
  open(fetch: Fetch): void;
  /** Ends all connections. May be called again. */
  close(): Promise<void>;
}

/** Listens on 127.0.0.1. Rejects when the wanted port is in use. */
export function bindDoor(wanted: WantedPort): Promise<Bound<Door>> {
  const { promise: answering, resolve: open } = Promise.withResolvers<Fetch>();
  const fetch: Fetch = async (request) => await (await answering)(request);
  return bindPort(wanted, async (port) => {
    const server = await listen(fetch, port);
    return { open, close: () => close(server) };
  });
}

function listen(fetch: Fetch, port: number): Promise<ServerType> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch, port, hostname: "127.0.0.1" }, () => resolve(server));
    server.once("error", reject);
  });
}

function close(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    if ("closeAllConnections" in server) server.closeAllConnections();
  });
}
