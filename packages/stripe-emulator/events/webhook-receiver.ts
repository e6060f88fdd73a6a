import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import Stripe from "stripe";
import { onTestFinished } from "vitest";

/** The secret that the emulator signs with and the receiver checks against. */
export const SECRET = "whsec_test";

/** A webhook endpoint that keeps what it receives; an event that is not well signed is answered with 400. */
export async function startReceiver() {
  const events: Stripe.Event[] = [];
  const refusals: number[] = [];
  const receive = async (request: IncomingMessage) => {
    const signature = request.headers["stripe-signature"] ?? "";
    events.push(
      await Stripe.webhooks.constructEventAsync(await text(request), signature, SECRET),
    );
    return refusals.shift() ?? 200;
  };
  const server = createServer((request, response) => {
    receive(request).catch(() => 400).then((status) => response.writeHead(status).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}/webhook`,
    /** What arrived, oldest first, also what was refused. */
    events,
    types: () => events.map(({ type }) => type),
    /** Answers the next events with these statuses. */
    refuse: (...statuses: number[]) => void refusals.push(...statuses),
  };
}
