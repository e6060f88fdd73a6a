// A separate process, like the real stack: the REST API and the gateway for each database on the command
// line. Prints their ports as a JSON object.
import { once } from "node:events";
import { serve } from "@hono/node-server";
import { createLiteApp } from "../../local/rest/lite-app.ts";
import { createGateway } from "../../local/gateway/app.ts";
import { createTokenExchange } from "../../local/gateway/tokens.ts";
import { loadKeys } from "../../local/stack/keys.ts";
import { Mailbox } from "../../local/mail/mailbox.ts";
import { databaseUrl } from "../../local/postgres/cluster.ts";
import { SUPERUSER } from "../../local/postgres/names.ts";

const [stateDir = "", databasePort, issuer = "", ...databases] = process.argv.slice(2);
const keys = await loadKeys(stateDir);
const tokens = await createTokenExchange(keys, issuer);
const cluster = { port: Number(databasePort), password: keys.databasePassword };
const absent = () => Promise.resolve(new Response(null, { status: 404 }));

const ports: Record<string, number> = {};
for (const name of databases) {
  const app = createLiteApp({
    databaseUrl: databaseUrl(cluster, SUPERUSER, name),
    apiUrl: issuer,
    keys,
  });
  const gateway = createGateway({
    app: { fetch: (request) => app.fetch(request, { peerAddress: null }) },
    tokens,
    keys,
    auth: absent,
    mailbox: new Mailbox(),
    functions: { address: () => undefined, answer: () => undefined, verifiesJwt: () => false },
    storage: { fetch: absent },
    isReady: () => true,
  });
  const server = serve({ fetch: gateway.fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error("the server has no TCP port");
  }
  ports[name] = address.port;
}
console.log(JSON.stringify(ports));
