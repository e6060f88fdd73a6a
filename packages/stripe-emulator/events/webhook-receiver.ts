import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import Stripe from "stripe";
import { onTestFinished } from "vitest";

/** The secret that the emulator signs with and the receiver verifies with. */
export const SECRET = "whsec_test";

/** Starts a webhook endpoint that stores the events it receives. It responds with 400 to an invalid signature. */
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
  if (address === null || typeof address === "string") {
    throw new Error("The receiver has no TCP port.");
  }
  return {
    url: `http://127.0.0.1:${address.port}/webhook`,
    /** The received events, oldest first, including the refused ones. */
    events,
    types: () => events.map(({ type }) => type),
    /** Responds to the next events with these statuses. */
    refuse: (...statuses: number[]) => void refusals.push(...statuses),
  };
}
