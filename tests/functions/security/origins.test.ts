import { expect, test } from "vitest";
import { stack } from "../../helpers/stack.ts";
import { call } from "./call.ts";
import { nameOf, type Route, routes } from "./routes.ts";

const named = routes.map((route): [string, Route] => [nameOf(route), route]);

function preflight({ method, path }: Route, origin: string): Promise<Response> {
  return fetch(stack.FUNCTIONS_URL + path, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": method,
      "access-control-request-headers": "authorization, apikey, content-type, x-client-info",
    },
  });
}

test.for(named)("%s answers the preflight of an allowed origin", async ([, route]) => {
  const origin = "http://localhost:5173";
  const { status, headers } = await preflight(route, origin);

  expect(status).toBe(204);
  expect(headers.get("access-control-allow-origin")).toBe(origin);
  expect(headers.get("access-control-allow-methods")).toContain(route.method);
  expect(headers.get("access-control-allow-headers")).toContain("apikey");
  expect(headers.get("vary")?.toLowerCase()).toContain("origin");
  expect(headers.get("access-control-allow-credentials")).toBeNull();
});

test.for(named)("%s does not let pages of other origins read its responses", async ([, route]) => {
  for (
    const origin of [
      "https://evil.example",
      "http://localhost.evil.example",
      "http://evil.example#localhost",
      "null",
      "file://localhost",
      "http://localhost@evil.example",
    ]
  ) {
    const allowed = (response: Response) => response.headers.get("access-control-allow-origin");

    expect(allowed(await preflight(route, origin)), origin).toBeNull();
    expect(allowed(await call(route, { origin })), origin).toBeNull();
  }
});

test("the page that asked can read a refusal, too", async () => {
  const origin = "http://127.0.0.1:3000";
  const chat: Route = { method: "POST", path: "/chat", auth: "user", body: {} };
  const response = await call(chat, { origin });

  expect(response.status).toBe(401);
  expect(response.headers.get("access-control-allow-origin")).toBe(origin);
});
