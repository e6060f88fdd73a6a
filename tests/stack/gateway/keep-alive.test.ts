import { once } from "node:events";
import http from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { stack } from "../../helpers/stack.ts";

test("a client that pauses for a minute may go on with its connection", async () => {
  const agent = new http.Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const request = http.get(`${stack.API_URL}/auth/v1/health`, { agent });
  const [response] = await once(request, "response");
  response.resume();

  expect(response.headers["keep-alive"]).toBe("timeout=65");
});
