import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOSTED_LIMITS } from "../../../local/functions/hosted-limits.ts";
import { type FunctionsService, startFunctions } from "../../../local/functions/serve-functions.ts";
import { forwardToFunction } from "../../../local/gateway/functions.ts";

const FILES = {
  "counting": `let count = 0; Deno.serve(async () => {
      const mine = ++count;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return Response.json({ pid: Deno.pid, requestsAtOnce: count - mine + 1 });
    });`,
  "spinning": `Deno.serve(() => { for (;;); });`,
  "spinning-later": `Deno.serve(() => {
      EdgeRuntime.waitUntil(new Promise((resolve) => setTimeout(resolve, 20)).then(() => { for (;;); }));
      return new Response("done");
    });`,
  "sleeping": `Deno.serve(() => new Promise(() => {}));`,
  "half-sleeping": `Deno.serve(() => new Response(new ReadableStream({
      start(controller) { controller.enqueue(new TextEncoder().encode("half")); },
    })));`,
  "heap":
    `Deno.serve(() => { const all = []; for (;;) all.push(new Array(1_000_000).fill(1.5)); });`,
  "buffers": `Deno.serve(async () => {
      const all = [];
      for (;;) {
        all.push(new Uint8Array(8 * 1024 * 1024).fill(1));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });`,
  "chatty": `Deno.serve(() => {
      console.log("x".repeat(20_000));
      for (let n = 0; n < 150; n += 1) console.log("line " + n);
      return new Response("done");
    });`,
  "broken": `import "./missing.ts";`,
};

const log: string[] = [];
let root: string;
let functions: FunctionsService;
/** With a wall time of a second. */
let impatient: FunctionsService;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "parley-limits-"));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(path.join(root, name));
    await writeFile(path.join(root, name, "index.ts"), text);
  }
  const options = {
    places: { directory: root, project: path.join(root, "none") },
    apiUrl: "http://127.0.0.1:9",
    publishableKey: "sb_publishable_test",
    secretKey: "sb_secret_test",
    openai: { apiKey: "sk-test", baseUrl: "http://127.0.0.1:9/v1" },
    stripe: { secretKey: "sk_test", webhookSecret: "whsec", apiUrl: "http://127.0.0.1:9" },
    streamSeconds: 140,
    allowedOrigins: "",
    log: (part: string, line: string) => log.push(`${part} ${line}`),
  };
  functions = await startFunctions({ ...options, limits: HOSTED_LIMITS });
  impatient = await startFunctions({ ...options, limits: { ...HOSTED_LIMITS, wallMs: 1_000 } });
});

afterAll(async () => {
  await functions?.service.stop();
  await impatient?.service.stop();
  await rm(root, { recursive: true, force: true });
});

const call = (name: string, { upstream } = functions) =>
  forwardToFunction(upstream, new Request(`http://127.0.0.1/functions/v1/${name}`));

/** Resolves with the line about the limits of a request to a function. */
function lineAbout(name: string): Promise<string> {
  return expect.poll(() => log.find((line) => line.startsWith(`limits ${name}: `)), {
    timeout: 30_000,
  })
    .toBeDefined()
    .then(() => log.find((line) => line.startsWith(`limits ${name}: `)) ?? "");
}

const NO_RESOURCES = {
  code: "WORKER_LIMIT",
  message: "Function failed due to not having enough compute resources (please check logs)",
};

test("each process works on one request at a time and is used again", async () => {
  const callThree = () => Promise.all([1, 2, 3].map(async () => (await call("counting")).json()));
  const first = await callThree();
  await expect.poll(() => log.filter((line) => line.startsWith("limits counting: "))).toHaveLength(
    3,
  );
  const again = await callThree();

  for (const answers of [first, again]) {
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(3);
    expect(answers.map(({ requestsAtOnce }) => requestsAtOnce)).toEqual([1, 1, 1]);
  }
  expect(new Set([...first, ...again].map(({ pid }) => pid)).size).toBe(3);
  expect(await lineAbout("counting"))
    .toMatch(/^limits counting: GET \/functions\/v1\/counting: \d+ ms CPU, 0\.\d\d s, \d+ MiB$/);
});

test("a request that uses too much CPU is ended with 546", async () => {
  const response = await call("spinning");

  expect([response.status, await response.json()]).toEqual([546, NO_RESOURCES]);
  expect(await lineAbout("spinning")).toMatch(/was ended: 2\d\d\d ms CPU; 2000 ms are allowed/);
});

test("the CPU of background work counts", async () => {
  expect(await (await call("spinning-later")).text()).toBe("done");

  expect(await lineAbout("spinning-later")).toMatch(/was ended: 2\d\d\d ms CPU; 2000 ms/);
});

test("a request without a reply in time is ended with 504", async () => {
  const response = await call("sleeping", impatient);

  expect(response.status).toBe(504);
  expect(await response.json()).toEqual({
    code: "IDLE_TIMEOUT",
    message: "Request idle timeout limit (1s) reached",
  });
  expect(await lineAbout("sleeping")).toMatch(/was ended: 1\d\d\d ms; 1000 ms are allowed/);
});

test("a reply that does not end in time is broken off", async () => {
  const response = await call("half-sleeping", impatient);

  expect(response.status).toBe(200);
  await expect(response.text()).rejects.toThrow();
  expect(await lineAbout("half-sleeping")).toMatch(/was ended: 1\d\d\d ms; 1000 ms are allowed/);
});

test.for(
  [
    ["heap", /was ended: \d+ MiB; 256 MiB are allowed|the process has ended by itself/],
    ["buffers", /was ended: \d+ MiB; 256 MiB are allowed/],
  ] as const,
)("a request that uses too much memory is ended with 546: %s", async ([name, reason]) => {
  const response = await call(name);

  expect([response.status, await response.json()]).toEqual([546, NO_RESOURCES]);
  expect(await lineAbout(name)).toMatch(reason);
});

test("long log lines are cut, and lines beyond the limit are dropped", async () => {
  await (await call("chatty")).text();

  await expect.poll(() => log).toContain(
    "functions more than 100 log lines in 10 s: the others are dropped",
  );
  expect(log).toContain(`functions ${"x".repeat(10_000)}`);
  expect(log).toContain("functions line 98");
  expect(log).not.toContain("functions line 99");
});

test("a function that cannot be imported answers 503, and one that is missing 404", async () => {
  expect((await call("broken")).status).toBe(503);
  expect((await call("nowhere")).status).toBe(404);
});
