import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FunctionsService, startFunctions } from "../../../local/functions/serve-functions.ts";
import { refuseWithoutUser } from "../../../local/gateway/functions.ts";
import { createTokenExchange } from "../../../local/gateway/tokens.ts";
import { loadKeys } from "../../../local/stack/keys.ts";

/** Functions as a team might write them: every form, and every way to break one. */
const FILES = {
  "functions/exported/index.ts":
    `export default { fetch: () => Response.json({ by: "exported" }) };`,
  "functions/served/index.ts":
    `Deno.serve((request) => Response.json({ by: "served", path: new URL(request.url).pathname }));`,
  "functions/with-options/index.ts":
    `Deno.serve({ port: 8000, hostname: "0.0.0.0" }, () => Response.json({ by: "with-options" }));`,
  "functions/in-options/index.ts":
    `Deno.serve({ handler: () => Response.json({ by: "in-options" }) });`,
  "functions/later/index.ts": `
    export default { fetch: () => Response.json({ by: "the export" }) };
    async function main() {
      await new Promise((resolve) => setTimeout(resolve, 1));
      Deno.serve(() => Response.json({ by: "later" }));
    }
    await main();`,
  "functions/catching/index.ts": `
    const onError = (error) => Response.json({ by: error.message }, { status: 418 });
    Deno.serve({ onError }, () => { throw new Error("catching"); });`,
  "functions/throwing/index.ts": `Deno.serve(() => { throw new Error("thrown on purpose"); });`,
  "functions/stray/index.ts": `
    Deno.serve(() => {
      Promise.reject(new Error("nobody waits"));
      return Response.json({ by: "stray" });
    });`,
  "functions/no-import/index.ts": `import "npm:left-pad@1.3.0"; Deno.serve(() => new Response());`,
  "functions/no-registry/index.ts":
    `import "jsr:@parley/nowhere@1"; Deno.serve(() => new Response());`,
  "functions/no-syntax/index.ts": `Deno.serve(() => {`,
  "functions/no-handler/index.ts": `export const fetch = () => new Response();`,
  "functions/no-entrypoint/readme.md": `Nothing to run.`,
  "functions/listening/index.ts": `Deno.listen({ port: 0 });`,
  "functions/_shared/index.ts": `throw new Error("is no function");`,
  "functions/disabled/index.ts": `Deno.serve(() => new Response());`,
  // The output of `supabase functions new`: a folder with its own import map.
  "supabase/functions/from-cli/index.ts": `
    import "@supabase/functions-js/edge-runtime.d.ts";
    import { name } from "$lib/name.ts";
    export default { fetch: () => Response.json({ by: name }) };`,
  "supabase/functions/from-cli/lib/name.ts": `export const name = "from-cli";`,
  "supabase/functions/from-cli/deno.json": JSON.stringify({
    imports: { "$lib/": "./lib/", "@supabase/functions-js": "jsr:@supabase/functions-js@^2" },
  }),
  "supabase/elsewhere/main.ts": `Deno.serve(() => Response.json({ by: "elsewhere" }));`,
  "supabase/config.toml": `
    [functions.elsewhere]
    entrypoint = "./elsewhere/main.ts"
    [functions.served]
    verify_jwt = false
    [functions.disabled]
    enabled = false`,
};

const log: string[] = [];
let root: string;
let functions: FunctionsService;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "parley-functions-"));
  for (const [file, text] of Object.entries(FILES)) {
    const target = path.join(root, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  functions = await startFunctions({
    places: { directory: path.join(root, "functions"), project: path.join(root, "supabase") },
    apiUrl: "http://127.0.0.1:9",
    publishableKey: "sb_publishable_test",
    secretKey: "sb_secret_test",
    openai: { apiKey: "sk-test", baseUrl: "http://127.0.0.1:9/v1" },
    stripe: { secretKey: "sk_test", webhookSecret: "whsec", apiUrl: "http://127.0.0.1:9" },
    streamSeconds: 140,
    allowedOrigins: "",
    log: (_part, line) => log.push(line),
  });
});

afterAll(async () => {
  await functions?.service.stop();
  await rm(root, { recursive: true, force: true });
});

const call = (name: string) => fetch(`${functions.upstream.address()}/${name}`);

test.for([
  "exported",
  "served",
  "with-options",
  "in-options",
  "later",
  "stray",
  "from-cli",
  "elsewhere",
])("every form of a function is served: %s", async (name) => {
  expect(await (await call(name)).json()).toMatchObject({ by: name });
});

test("a function sees the path including its own name", async () => {
  expect(await (await call("served/one/two")).json()).toMatchObject({ path: "/served/one/two" });
});

test.for<[string, RegExp]>([
  ["no-import", /left-pad.*\n?[^]*resolves npm packages from node_modules only/],
  ["no-registry", /nowhere[^]*only if this machine can reach it/],
  ["no-syntax", /no-syntax\/index\.ts/],
  ["no-handler", /neither calls Deno\.serve nor exports/],
  ["no-entrypoint", /no-entrypoint\/index\.ts[^]*the file that supabase\/config\.toml names/],
  ["listening", /Functions may not listen on all addresses/],
])("a broken function answers 503 and the log says why: %s", async ([name, reason]) => {
  const response = await call(name);

  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({
    code: "function_broken",
    message: `The function "${name}" could not be started.`,
    details: null,
    hint: expect.stringContaining("docs/local-stack.md"),
  });
  const own = log.join("\n").split(/^(?=\S+ could not be started: )/m)
    .find((part) => part.startsWith(`${name} could`));
  expect(own).toMatch(reason);
});

test.for(["disabled", "_shared", "nowhere"])(
  "a folder that is not a function is not found: %s",
  async (name) => {
    const response = await call(name);

    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "not_found", hint: expect.any(String) });
  },
);

test("a handler that throws answers 500, or the response of its onError", async () => {
  const thrown = await call("throwing");
  expect([thrown.status, await thrown.json()]).toMatchObject([500, { code: "internal" }]);
  expect(log.join("\n")).toContain("throwing: Error: thrown on purpose");
  const caught = await call("catching");
  expect([caught.status, await caught.json()]).toEqual([418, { by: "catching" }]);
});

test("an unhandled rejection is logged, and the process keeps running", async () => {
  const { pid } = functions.service;
  await (await call("stray")).text();

  await expect.poll(() => log.join("\n")).toContain("uncaught Error: nobody waits");
  expect(functions.service.pid).toBe(pid);
});

test("the process listens on 127.0.0.1, whatever address a function asks for", async () => {
  expect(new URL(functions.upstream.address() ?? "").hostname).toBe("127.0.0.1");
  expect(await (await call("with-options")).json()).toEqual({ by: "with-options" });
  expect(log.join("\n")).toContain('Requires net access to "0.0.0.0:0"');
});

test("verify_jwt requires a user's token unless config.toml turns it off", async () => {
  const tokens = await createTokenExchange(await loadKeys(root), "http://127.0.0.1:9/auth/v1");
  const token = await tokens.sign({
    role: "authenticated",
    exp: Math.ceil(Date.now() / 1000) + 60,
  });
  const ask = async (name: string, init?: RequestInit) => {
    const request = new Request(`http://127.0.0.1/functions/v1/${name}`, init);
    const response = await refuseWithoutUser(request, functions.upstream, tokens);
    return response && [response.status, await response.json()];
  };
  const bearer = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });

  expect(await ask("exported")).toMatchObject([401, { message: "Missing authorization header" }]);
  expect(await ask("exported/deep")).toMatchObject([401, { code: "unauthorized" }]);
  expect(await ask("exported", bearer("sb_secret_x"))).toMatchObject([401, {
    message: "Invalid JWT",
    hint: expect.stringContaining("[functions.exported]"),
  }]);
  expect(await ask("exported", bearer(token))).toBeNull();
  expect(await ask("exported", { method: "OPTIONS" })).toBeNull();
  expect(await ask("served")).toBeNull();
  expect(await ask("nowhere")).toBeNull();
});
