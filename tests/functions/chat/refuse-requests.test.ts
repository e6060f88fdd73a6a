import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { importJWK, SignJWT } from "jose";
import { expect, test } from "vitest";
import { ErrorReply } from "../../../types/api.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { createSession, createUser, must, stack, stateDir } from "../../helpers/stack.ts";

const user = await createUser();
const stranger = await createUser();
const sessionId = await createSession(user);

async function refusal(response: Response): Promise<ErrorReply> {
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(response.headers.get("x-request-id")).toBeTruthy();
  const text = await response.text();
  expect(text).not.toMatch(/\bat .+:\d+|node_modules|\.ts\b/);
  return ErrorReply.parse(JSON.parse(text));
}

async function expectNothingWritten(): Promise<void> {
  const query = user.client.from("chat_messages").select("id").eq("session_id", sessionId);
  expect(must(await query)).toEqual([]);
}

test.for([
  ["no token", null],
  ["an invalid token", "not-a-token"],
  ["an API key in place of a token", stack.PUBLISHABLE_KEY],
])("%s is answered 401", async ([, token]) => {
  const response = await postChat({ session_id: sessionId, content: "Hello" }, token ?? null);

  expect(response.status).toBe(401);
  expect(await refusal(response)).toMatchObject({ code: "unauthorized" });
  await expectNothingWritten();
});

test("an expired token is answered 401", async () => {
  const keys = JSON.parse(await readFile(path.join(stateDir, "keys.json"), "utf8"));
  const expired = await new SignJWT({ sub: user.authId, role: "authenticated" })
    .setProtectedHeader({ alg: "ES256", kid: keys.signingKey.kid })
    .setIssuer(`${stack.API_URL}/auth/v1`)
    .setAudience("authenticated")
    .setExpirationTime("-1 minute")
    .sign(await importJWK(keys.signingKey, "ES256"));

  const response = await postChat({ session_id: sessionId, content: "Hello" }, expired);

  expect(response.status).toBe(401);
  expect(await refusal(response)).toMatchObject({ details: { reason: "INVALID_JWT" } });
  await expectNothingWritten();
});

test.for(
  [
    ["an unknown session", user, randomUUID()],
    ["another user's session", stranger, sessionId],
  ] as const,
)("%s is answered 404", async ([, sender, id]) => {
  const response = await postChat({ session_id: id, content: "Hello" }, sender.accessToken);

  expect(response.status).toBe(404);
  expect(await refusal(response)).toMatchObject({ code: "session_not_found" });
  await expectNothingWritten();
});

const text = (value: unknown) => ({ type: "text", text: value });
const message = (parts: unknown) => ({ id: "m1", role: "user", parts });

test.for<[string, unknown, string]>([
  ["no body", undefined, ""],
  ["an array", [], ""],
  ["a string", "hello", ""],
  ["null", null, ""],
  ["no session", { content: "Hello" }, "id"],
  ["an invalid session id", { session_id: "abc", content: "Hello" }, "session_id"],
  ["a session id of another type", { session_id: 7, content: "Hello" }, "session_id"],
  ["empty content", { session_id: sessionId, content: "" }, "content"],
  ["blank content", { session_id: sessionId, content: " \n\t" }, "content"],
  ["content of another type", { session_id: sessionId, content: { a: 1 } }, "content"],
  ["content over the limit", { session_id: sessionId, content: "x".repeat(32_001) }, "content"],
  ["a message id over the limit", {
    session_id: sessionId,
    content: "Hello",
    message_id: "x".repeat(129),
  }, "message_id"],
  ["no messages", { id: sessionId }, "messages.0"],
  ["an empty list", { id: sessionId, messages: [] }, "messages.0"],
  ["no parts", { id: sessionId, messages: [message([])] }, "messages.0.parts"],
  [
    "200 parts",
    { id: sessionId, messages: [message(Array(200).fill(text("x")))] },
    "messages.0.parts",
  ],
  [
    "text of another type",
    { id: sessionId, messages: [message([text(7)])] },
    "messages.0.parts.0.text",
  ],
  [
    "a part of another kind",
    { id: sessionId, messages: [message([{ type: "tool-x" }])] },
    "messages.0.parts.0.type",
  ],
  ["an assistant's message", {
    id: sessionId,
    messages: [{ ...message([text("Hi")]), role: "assistant" }],
  }, "messages.0.role"],
  [
    "a system message",
    { id: sessionId, message: { ...message([text("Hi")]), role: "system" } },
    "message.role",
  ],
])("%s is answered 400 with the field", async ([, body, field]) => {
  const response = await postChat(JSON.stringify(body) ?? "", user.accessToken);

  expect(response.status).toBe(400);
  const { code, details } = await refusal(response);
  if (body === undefined) return expect(code).toBe("invalid_json");
  expect(code).toBe("invalid_request");
  expect(details?.issues).toContainEqual(expect.objectContaining({ path: field }));
  await expectNothingWritten();
});

test("a body that is not JSON is answered 400", async () => {
  const response = await postChat("{", user.accessToken);

  expect(response.status).toBe(400);
  expect(await refusal(response)).toMatchObject({ code: "invalid_json" });
});

test("a body of more than a megabyte is answered 413", async () => {
  const response = await postChat(
    { session_id: sessionId, content: "x".repeat(1_100_000) },
    user.accessToken,
  );

  expect(response.status).toBe(413);
  expect(await refusal(response)).toMatchObject({ code: "payload_too_large" });
});

test.for(
  [
    ["POST", "/chat/nowhere", 404, "not_found"],
    ["GET", "/chat/a/b/c", 404, "not_found"],
    ["GET", "/nowhere", 404, "not_found"],
    ["GET", "/chat", 405, "method_not_allowed"],
    ["PUT", "/chat", 405, "method_not_allowed"],
    ["DELETE", "/chat", 405, "method_not_allowed"],
    ["POST", "/health", 405, "method_not_allowed"],
  ] as const,
)("%s %s is answered %i", async ([method, route, status, code]) => {
  const headers = { authorization: `Bearer ${user.accessToken}` };
  const response = await fetch(stack.FUNCTIONS_URL + route, { method, headers });

  expect(response.status).toBe(status);
  expect(ErrorReply.parse(await response.json()).code).toBe(code);
});

test("a browser's preflight is answered with the allowed headers", async () => {
  const response = await fetch(`${stack.FUNCTIONS_URL}/chat`, {
    method: "OPTIONS",
    headers: {
      origin: "http://localhost:3000",
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization, content-type",
    },
  });

  expect(response.status).toBe(204);
  expect(response.headers.get("access-control-allow-origin")).toBe("http://localhost:3000");
  expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
});
