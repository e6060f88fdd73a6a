// A process of its own, as the stack is one: the stack's REST API and its gateway for each database named on the command
// line as `database=port`.
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

for (const [name, port] of databases.map((each) => each.split("="))) {
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
    functionsUrl: "",
    storage: { fetch: absent },
    isReady: () => true,
  });
  serve({ fetch: gateway.fetch, port: Number(port), hostname: "127.0.0.1" });
}
console.log("ready");
