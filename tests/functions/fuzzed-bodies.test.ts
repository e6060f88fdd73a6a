import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorReply } from "../../types/api.ts";
import { draw, drawn } from "../helpers/matrix.ts";
import { createSession, createUser, stack } from "../helpers/stack.ts";
import { make } from "./lookouts/lookouts-client.ts";

const user = await createUser();
const sessionId = await createSession(user);
const lookoutId = await make(user);

/** Every route of every function that takes a body, with statuses it must answer among others; add new routes here. */
const routes: [method: string, route: string, statuses: number[]][] = [
  ["POST", "/chat", [400]],
  ["POST", "/files", [400]],
  ["POST", "/bridge", [400]],
  ["POST", "/bridge/redeem", [400]],
  ["POST", "/billing/checkout", [400]],
  ["POST", "/billing/portal", [400]],
  ["POST", "/stripe-webhook", [400]],
  ["POST", "/lookouts", [400]],
  ["PATCH", "/lookouts/:id", [400]],
];
const SIZES = { one: 20, sample: 100, full: 600 };

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "\0", "\ud800", "__proto__", sessionId, "'; drop table chat_messages; --"),
);
const url = fc.oneof(fc.constant("http://localhost:3000/"), fc.webUrl());
const json = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" });
const part = fc.oneof(
  fc.record({ type: fc.constant("text"), text: fc.oneof(text, json) }),
  fc.record({ type: text, url: text, state: json }, { requiredKeys: [] }),
  fc.record({
    type: fc.constant("file"),
    mediaType: fc.oneof(text, json),
    url: fc.oneof(text, fc.uuid().map((id) => `parley:file/${id}`), json),
  }),
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
    file_ids: fc.oneof(
      { weight: 3, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(fc.oneof(fc.uuid(), text), { maxLength: 3 }) },
      { weight: 1, arbitrary: json },
    ),
  }, { requiredKeys: [] }),
  fc.record({
    session_id: fc.oneof(fc.constant(sessionId), text, json),
    storage_path: fc.oneof(text, fc.constant(`${user.profileId}/none.txt`), json),
    message_id: fc.oneof(text, json),
  }, { requiredKeys: [] }),
  fc.record({ code: fc.oneof(text, json) }, { requiredKeys: [] }),
  fc.record({
    price_id: fc.oneof(text, fc.stringMatching(/^\w+$/), json),
    success_url: fc.oneof(url, text, json),
    cancel_url: fc.oneof(url, json),
    return_url: fc.oneof(url, text, json),
  }, { requiredKeys: ["success_url", "cancel_url"] }),
  fc.record({
    title: fc.oneof(fc.constant("News"), text, json),
    prompt: fc.oneof(fc.constant("What is new?"), text, json),
    assistant_slug: fc.oneof(fc.constant("coach"), text),
    frequency: fc.oneof(
      fc.constantFrom("once", "daily", "weekly", "monthly", "yearly", "cron"),
      json,
    ),
    timezone: fc.oneof(fc.constantFrom("UTC", "America/Santiago"), text, json),
    time: fc.oneof(fc.constant("09:00"), text, json),
    date: fc.oneof(fc.constantFrom("2099-02-29", "2099-03-01"), text, json),
    run_at: fc.oneof(fc.constant("9999-12-31T23:59:59-12:00"), text, json),
    cron_schedule: fc.oneof(fc.constantFrom("0 9 * * *", "0 9 31 2 L"), text, json),
    status: fc.oneof(fc.constantFrom("active", "paused", "archived"), json),
  }, { requiredKeys: [] }),
  fc.record({
    session_data: fc.oneof(fc.dictionary(text, fc.oneof(text, json)), json),
  }, { requiredKeys: [] }),
  json,
).map((value) => JSON.stringify(value));
const bytes = fc.oneof({ weight: 9, arbitrary: body }, {
  weight: 1,
  arbitrary: fc.string({ unit: "binary" }),
});

test.for(routes)(
  "%s %s answers any body without a 5xx or a stack trace",
  { ...drawn, timeout: 600_000 },
  async ([method, route, expected]) => {
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(bytes, async (sent) => {
        const response = await fetch(stack.FUNCTIONS_URL + route.replace(":id", lookoutId), {
          method,
          headers: {
            authorization: `Bearer ${user.accessToken}`,
            apikey: stack.PUBLISHABLE_KEY,
            "content-type": "application/json",
            // Attempts to redeem codes are counted by IP address.
            "x-forwarded-for": `198.51.100.${statuses.get(404) ?? 0}`,
          },
          body: sent,
        });
        const answer = await response.text();
        statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
        expect(response.status).toBeLessThan(500);
        expect(answer).not.toMatch(/node_modules|\.ts:\d+|\n\s+at /);
        if (response.status >= 400) requireSentence(ErrorReply.parse(JSON.parse(answer)));
        else if (route === "/chat") expect(answer).toContain("data: [DONE]");
        else JSON.parse(answer);
      }),
      draw(`bodies of ${method} ${route}`, SIZES),
    );
    // The bodies are random, but some of them must be refused and some accepted.
    expect([...statuses.keys()]).toEqual(expect.arrayContaining(expected));
  },
);

/** Fails if a message of zod itself reaches the user. */
function requireSentence({ message }: ErrorReply): void {
  expect(message).toMatch(/^[A-Z].*\.$/s);
  expect(message).not.toMatch(/expected|Too (?:small|big)|Invalid|Unrecognized/);
}
