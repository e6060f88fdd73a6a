import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorReply } from "../../types/api.ts";
import { createSession, createUser, stack } from "../helpers/stack.ts";

const user = await createUser();
const sessionId = await createSession(user);

/** Every route of every function that takes a body; a new one belongs here. */
const routes: [method: string, route: string][] = [["POST", "/chat"]];
const RUNS = 2_000;

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "\0", "\ud800", "__proto__", sessionId, "'; drop table chat_messages; --"),
);
const json = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });
const part = fc.oneof(
  fc.record({ type: fc.constant("text"), text: fc.oneof(text, json) }),
  fc.record({ type: text, url: text, state: json }, { requiredKeys: [] }),
  json,
);
const message = fc.record({
  id: fc.oneof(text, json),
  role: fc.oneof(fc.constantFrom("user", "assistant", "system", "tool"), json),
  parts: fc.oneof(fc.array(part, { maxLength: 4 }), json),
  metadata: json,
}, { requiredKeys: [] });
const body = fc.oneof(
  fc.record({
    id: fc.oneof(fc.constant(sessionId), text, json),
    messages: fc.oneof(fc.array(message, { maxLength: 3 }), json),
    message: fc.oneof(message, json),
    trigger: fc.oneof(fc.constantFrom("submit-message", "regenerate-message"), json),
    messageId: fc.oneof(text, json),
  }, { requiredKeys: [] }),
  fc.record({
    session_id: fc.oneof(fc.constant(sessionId), text, json),
    content: fc.oneof(text, json),
    message_id: fc.oneof(text, json),
    search: json,
    file_ids: json,
  }, { requiredKeys: [] }),
  json,
).map((value) => JSON.stringify(value));
const bytes = fc.oneof({ weight: 9, arbitrary: body }, {
  weight: 1,
  arbitrary: fc.string({ unit: "binary" }),
});

test.for(routes)(
  "%s %s answers whatever comes, without a 5xx or a stack trace",
  { timeout: 120_000 },
  async ([method, route]) => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        const response = await fetch(stack.FUNCTIONS_URL + route, {
          method,
          headers: {
            authorization: `Bearer ${user.accessToken}`,
            "content-type": "application/json",
          },
          body: sent,
        });
        const answer = await response.text();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        expect(response.status).toBeLessThan(500);
        expect(answer).not.toMatch(/node_modules|\.ts:\d+|\n\s+at /);
        if (response.status >= 400) ErrorReply.parse(JSON.parse(answer));
        else expect(answer).toContain("data: [DONE]");
      }),
      { numRuns: RUNS },
    );
    // Bodies that nothing gets past would prove little.
    expect([...statuses.keys()].sort()).toEqual(expect.arrayContaining([200, 400]));
  },
);
