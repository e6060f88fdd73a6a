import { once } from "node:events";
import type { ServerType } from "@hono/node-server";

const HOST = "127.0.0.1";

/**
 * Starts a server on 127.0.0.1 (port 0: any free one) and returns its address, without a path. Rejects if the
 * port is taken.
 */
export async function listen(server: ServerType, port: number): Promise<string> {
  server.listen(port, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("The server has no TCP port.");
  }
  return `http://${HOST}:${address.port}`;
}

/** Ends a server and all its connections. */
export async function closeServer(server: ServerType): Promise<void> {
  const closed = once(server, "close");
  server.close();
  if ("closeAllConnections" in server) server.closeAllConnections();
  await closed;
}
