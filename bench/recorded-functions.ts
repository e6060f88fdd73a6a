import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { proxy } from "hono/proxy";
import { listen } from "@parley/emulator-kit/listen.ts";
import { startFunctions } from "../local/functions/serve-functions.ts";
import { silentLog } from "../local/stack/log.ts";
import type { StackStatus } from "../local/stack/status.ts";

export type Upstream = "database" | "openai";

/** A call of a function to the database or to OpenAI. */
export interface RecordedCall {
  upstream: Upstream;
  path: string;
  startedAt: number;
  /** When the latest bytes of its answer arrived. */
  endedAt: number;
}

/**
 * Starts functions of their own for a stack. Proxies before the `upstreams` tell `note` of each call when it begins.
 * Returns the stack's status with the address of these functions.
 */
export async function startRecordedFunctions(
  parts: AsyncDisposableStack,
  status: StackStatus,
  note: (call: RecordedCall) => void,
  upstreams: readonly Upstream[] = ["database", "openai"],
): Promise<StackStatus> {
  const record = async (address: string, upstream: Upstream) => {
    if (!upstreams.includes(upstream)) return new URL(address).origin;
    const app = new Hono().all("*", async (c) => {
      const { pathname: path, search } = new URL(c.req.url);
      const startedAt = performance.now();
      const call = { upstream, path, startedAt, endedAt: startedAt };
      if (!path.includes("jwks")) note(call);
      return timed(await proxy(new URL(address).origin + path + search, c.req.raw), call);
    });
    const server = createAdaptorServer({ fetch: app.fetch });
    parts.defer(() => void server.close());
    return await listen(server, 0);
  };
  const { API_URL, OPENAI_BASE_URL = "", PUBLISHABLE_KEY, SECRET_KEY } = status;
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
  return { ...status, FUNCTIONS_URL: upstream.address() ?? "" };
}

/** Returns the response, and notes in the call when its bytes pass. */
function timed(response: Response, call: RecordedCall): Response {
  call.endedAt = performance.now();
  const body = response.body?.pipeThrough(
    new TransformStream({
      transform(bytes, controller) {
        call.endedAt = performance.now();
        controller.enqueue(bytes);
      },
    }),
  );
  return new Response(body, response);
}
