import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import { stack } from "./stack.ts";

/** What a proxy does to one request. */
export interface Cut {
  /** Matches the request, such as `POST /functions/v1/chat`. */
  on: RegExp;
  /** Bytes of the body after which the socket is destroyed; 0 before the head of the answer. */
  after: number;
  /** True ends the body cleanly instead, as a proxy with a time limit does. */
  isClean?: boolean;
}

/** A proxy in front of the stack that cuts lines. */
export interface CuttingProxy {
  url: string;
  /** Every request so far, as `METHOD path`. */
  requests: string[];
  /** The cuts to come. Each one applies to one request. */
  cuts: Cut[];
}

/** Starts a proxy. It ends with the test. */
export async function startCuttingProxy(...cuts: Cut[]): Promise<CuttingProxy> {
  const requests: string[] = [];
  const server = createServer((incoming, answer) => {
    const name = `${incoming.method} ${incoming.url}`;
    requests.push(name);
    const index = cuts.findIndex(({ on }) => on.test(name));
    forward(incoming, answer, index < 0 ? undefined : cuts.splice(index, 1)[0]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // A server that listens on a port has one.
  return { url: `http://127.0.0.1:${port}`, requests, cuts };
}

function forward(incoming: IncomingMessage, answer: ServerResponse, cut: Cut | undefined): void {
  const { host: _, ...headers } = incoming.headers;
  const url = new URL(incoming.url ?? "/", stack.API_URL);
  const outgoing = request(url, { method: incoming.method, headers }, (reply) => {
    if (cut?.after === 0) return void reply.on("data", () => answer.destroy());
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    let sent = 0;
    reply.on("data", (bytes: Buffer) => {
      sent += bytes.length;
      answer.write(bytes);
      if (cut && sent >= cut.after) {
        if (cut.isClean) answer.end();
        else answer.destroy();
        outgoing.destroy();
      }
    });
    reply.on("end", () => answer.end());
  });
  outgoing.on("error", () => answer.destroy());
  answer.on("close", () => outgoing.destroy());
  incoming.pipe(outgoing);
}
