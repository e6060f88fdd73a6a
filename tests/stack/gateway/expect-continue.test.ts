import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { stack } from "../../helpers/stack.ts";

test("a client that sends `Expect: 100-continue`, as curl does, gets its response", async () => {
  const call = request(`${stack.FUNCTIONS_URL}/bridge/redeem`, {
    method: "POST",
    headers: {
      expect: "100-continue",
      apikey: stack.PUBLISHABLE_KEY,
      "content-type": "application/json",
    },
  });
  call.flushHeaders();
  await once(call, "continue");
  call.end(JSON.stringify({ code: "nobody-has-this-code" }));
  const [response]: IncomingMessage[] = await once(call, "response");

  expect(response?.statusCode).toBe(404);
  expect(JSON.parse(await text(response!))).toMatchObject({ code: "code_not_found" });
});
