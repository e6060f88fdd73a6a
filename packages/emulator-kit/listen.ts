import { once } from "node:events";
import type { ServerType } from "@hono/node-server";

const HOST = "127.0.0.1";

/** Lets a server listen on 127.0.0.1 (0: any free port); its address, without a path. Rejects when the port is taken. */
export async function listen(server: ServerType, port: number): Promise<string> {
  server.listen(port, HOST);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return `http://${HOST}:${address.port}`;
}

/** Ends a server with all its connections. */
export async function closeServer(server: ServerType): Promise<void> {
  const closed = once(server, "close");
  server.close();
  if ("closeAllConnections" in server) server.closeAllConnections();
  await closed;
}
