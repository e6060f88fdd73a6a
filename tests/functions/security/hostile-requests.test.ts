import { gzipSync } from "node:zlib";
import fc from "fast-check";
import pRetry from "p-retry";
import { expect, test } from "vitest";
import { ErrorReply } from "../../../types/api.ts";
import { draw, drawn } from "../../helpers/matrix.ts";
import { openRawRequest } from "../../helpers/raw-request.ts";
import { createSession, createUser, stack } from "../../helpers/stack.ts";
import { rest } from "./rest.ts";
import { nameOf, type Route, routes } from "./routes.ts";

const user = await createUser();
const sessionId = await createSession(user);
const authorization = `Bearer ${user.accessToken}`;
const apikey = stack.PUBLISHABLE_KEY;
const withBody = routes.filter(({ body }) => body !== undefined)
  .map((route): [string, Route] => [nameOf(route), route]);

function send(
  { method, path }: Pick<Route, "method" | "path">,
  body: BodyInit,
  headers: Record<string, string> = {},
) {
  return fetch(stack.FUNCTIONS_URL + path, {
    method,
    headers: { apikey, authorization, "content-type": "application/json", ...headers },
    body,
  });
}

const FILES = { method: "POST", path: "/files" } as const;

async function requireRefusal(response: Response, ...statuses: number[]): Promise<void> {
  const text = await response.text();
  expect(statuses, text).toContain(response.status);
  ErrorReply.parse(JSON.parse(text));
}

test.for(withBody)("%s refuses a deep, huge or compressed body", async ([, route]) => {
  const deep = "[".repeat(200_000) + "]".repeat(200_000);
  const nested = `{"session_data":${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}}`;
  await requireRefusal(await send(route, deep), 400);
  await requireRefusal(await send(route, nested), 400, 404);
  await requireRefusal(await send(route, " ".repeat(1_100_000)), 413);
  const stream = new Blob([" ".repeat(1_100_000)]).stream();
  const init: RequestInit & { duplex: "half" } = {
    method: route.method,
    headers: { apikey, authorization, "content-type": "application/json" },
    body: stream,
    duplex: "half",
  };
  await requireRefusal(await fetch(stack.FUNCTIONS_URL + route.path, init), 413);
  // The function does not decompress bodies, so a bomb cannot grow: it is read as the bytes that it is.
  const bomb = gzipSync(Buffer.alloc(20_000_000));
  await requireRefusal(await send(route, bomb, { "content-encoding": "gzip" }), 400, 415);
});

test("a form with very many parts, or with one endless field, is refused", async () => {
  const part = (name: string, text: string) =>
    `--x\r\ncontent-disposition: form-data; ${name}\r\n\r\n${text}\r\n`;
  const sendForm = (parts: string) =>
    send(FILES, `${parts}--x--\r\n`, { "content-type": "multipart/form-data; boundary=x" });
  const times = (count: number, make: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => make(n)).join("");
  const good = part('name="session_id"', sessionId) +
    part('name="file"; filename="a.txt"', "Hello");
  const fields = (count: number) => times(count, (n) => part(`name="field${n}"`, "x"));
  const files = times(50, (n) => part(`name="f${n}"; filename="a"`, "x"));

  for (
    const form of [
      fields(5_000) + good,
      good + fields(5_000),
      files + good,
      part('name="a"', "x".repeat(2_000_000)) + good,
    ]
  ) {
    await requireRefusal(await sendForm(form), 400);
  }
  expect((await sendForm(part('name="__proto__"', "x") + good + fields(5))).status).toBe(201);
});

test("a form compressed with gzip is refused", async () => {
  const form = gzipSync(Buffer.alloc(1_000_000));
  const type = { "content-type": "multipart/form-data; boundary=x", "content-encoding": "gzip" };

  await requireRefusal(await send(FILES, form, type), 400);
});

test("headers that are too long are refused before a function sees them", async () => {
  const health = `${stack.FUNCTIONS_URL}/health`;
  const { status } = await openRawRequest(health, "GET", { "x-long": "x".repeat(100_000) }).answer;

  expect(status).toBe(431);
});

test("a client's request id cannot inject a header or a log line", async () => {
  const ask = async (id: string) =>
    (await fetch(`${stack.FUNCTIONS_URL}/health`, { headers: { "x-request-id": id } })).headers
      .get("x-request-id");

  expect(await ask("abc-123")).toBe("abc-123");
  for (const id of ["x".repeat(5_000), '<script>"', "a b", "%0d%0aset-cookie:x"]) {
    expect(await ask(id)).not.toBe(id);
  }
});

test(
  "any text in a path gives a reply or an error with a code",
  { ...drawn, timeout: 120_000 },
  async () => {
    const segment = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("..", "%2e%2e", "%00", "%ff", "%", sessionId, "' or 1=1", "__proto__", "{}"),
    ).map((text) => encodeURIComponent(text.toWellFormed()));
    const paths = (name: string): [string, string][] => [
      ["GET", `/chat/${name}/stream`],
      ["POST", `/chat/${name}/stop`],
      ["DELETE", `/files/${name}`],
      ["GET", `/billing/${name}`],
      ["GET", `/${name}`],
      ["PUT", `/bridge/${name}`],
    ];
    await fc.assert(
      fc.asyncProperty(segment, async (name) => {
        for (const [method, path] of paths(name)) {
          const headers = { apikey, authorization };
          // The server closes a connection whose body it has refused, maybe just as fetch uses it again:
          // https://www.rfc-editor.org/rfc/rfc9112#section-9.3.1
          const response = await pRetry(
            () => fetch(stack.FUNCTIONS_URL + path, { method, headers }),
            { retries: 1 },
          );
          const text = await response.text();
          expect(response.status, `${method} ${path} ${text}`).toBeLessThan(500);
          if (response.status >= 400) ErrorReply.parse(JSON.parse(text));
        }
      }),
      draw("paths", { one: 10, sample: 50, full: 200 }),
    );
  },
);

test("deeply nested JSON through REST is refused, and the API keeps running", async () => {
  const details = JSON.parse(`${"[".repeat(3_000)}${"]".repeat(3_000)}`);
  const body = { action: "deep", data: { details } };
  const { status } = await rest(user, "POST", "rpc/log_activity", { body });
  const packed = await fetch(`${stack.API_URL}/rest/v1/rpc/log_activity`, {
    method: "POST",
    headers: { apikey, authorization, "content-type": "application/json" },
    body: `{"action":"deep","data":${"[".repeat(500_000)}${"]".repeat(500_000)}}`,
  });

  expect(status).toBe(413);
  expect(packed.status, await packed.text()).toBeLessThan(500);
  expect(packed.status).toBeGreaterThanOrEqual(400);
  expect((await rest(user, "GET", "profiles?select=id")).status).toBe(200);
});
