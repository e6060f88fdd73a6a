import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { proxy } from "hono/proxy";
import { listen } from "@parley/emulator-kit/listen.ts";
import { startFunctions } from "../local/functions/serve-functions.ts";
import { silentLog } from "../local/stack/log.ts";
import { type Measure, measure } from "./report.ts";
import { createBenchUser, startBenchStack, temporaryState, timeToFirstText } from "./stack.ts";

/** Counts the chat function's calls to the database and to OpenAI, in order, in the second turn of a session. */
export async function measureRoundTrips(): Promise<Measure[]> {
  await using parts = new AsyncDisposableStack();
  const state = parts.use(await temporaryState());
  const stack = parts.use(await startBenchStack(state.directory));
  const calls: string[] = [];
  const record = async (upstream: string, kind: string) => {
    const app = new Hono().all("*", (c) => {
      const { pathname, search } = new URL(c.req.url);
      if (!pathname.includes("jwks")) calls.push(`${kind} ${pathname}`);
      return proxy(new URL(upstream).origin + pathname + search, c.req.raw);
    });
    const server = createAdaptorServer({ fetch: app.fetch });
    parts.defer(() => void server.close());
    return await listen(server, 0);
  };
  const { API_URL, OPENAI_BASE_URL = "", PUBLISHABLE_KEY, SECRET_KEY } = stack.status;
  const { service, upstream } = await startFunctions({
    apiUrl: await record(API_URL, "database"),
    publishableKey: PUBLISHABLE_KEY,
    secretKey: SECRET_KEY,
    openai: { apiKey: "bench", baseUrl: `${await record(OPENAI_BASE_URL, "openai")}/v1` },
    stripe: { secretKey: "sk_test_bench", webhookSecret: "whsec_bench", apiUrl: API_URL },
    streamSeconds: 140,
    allowedOrigins: "",
    log: silentLog,
  });
  parts.defer(() => service.stop());

  const user = await createBenchUser(stack.status);
  const counted = { ...stack.status, FUNCTIONS_URL: upstream.address() ?? "" };
  await timeToFirstText(counted, user);
  calls.length = 0;
  await timeToFirstText(counted, user);
  const before = calls.slice(0, calls.findIndex((call) => call.startsWith("openai")));
  return [
    measure("database round trips before the request to OpenAI", before.length, {
      target: { most: 1 },
    }),
    { name: "all calls of a turn, in order", value: calls.join(" · ") },
  ];
}
