import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, stack } from "../../helpers/stack.ts";
import { linesOfRequest } from "../../helpers/stack-log.ts";

afterEach(resetOpenAI);

const user = await createUser();

async function call(route: string, init: RequestInit & { token?: string }): Promise<string> {
  const requestId = randomUUID();
  const response = await fetch(`${stack.FUNCTIONS_URL}/${route}`, {
    ...init,
    headers: {
      "x-request-id": requestId,
      "content-type": "application/json",
      ...(init.token && { authorization: `Bearer ${init.token}` }),
    },
  });
  await response.text();
  return requestId;
}

test("a turn logs one line with its user and its turn", async () => {
  const session_id = await createSession(user);
  const body = JSON.stringify({ session_id, content: "A quiet question" });
  const requestId = await call("chat", { method: "POST", body, token: user.accessToken });

  const { data: turn } = await user.client.from("chat_turns").select("id").eq(
    "session_id",
    session_id,
  ).single();
  const lines = await linesOfRequest(requestId);
  expect(lines).toEqual([{
    at: expect.any(String),
    level: "info",
    function: "chat",
    event: "request",
    request_id: requestId,
    method: "POST",
    route: "/chat",
    status: 200,
    ms: expect.any(Number),
    auth_id: user.authId,
    profile_id: user.profileId,
    turn_id: turn?.id,
  }]);
});

test("the logged route is the pattern, not the path", async () => {
  const requestId = await call(`chat/${randomUUID()}/stream`, {
    method: "GET",
    token: user.accessToken,
  });

  expect(await linesOfRequest(requestId)).toMatchObject([{
    route: "/chat/:session_id/stream",
    status: 204,
  }]);
});

test("a refusal is logged as a warning with its code", async () => {
  const body = JSON.stringify({ session_id: randomUUID(), content: "Nobody's" });
  const requestId = await call("chat", { method: "POST", body, token: user.accessToken });
  const unsigned = await call("files/x", { method: "DELETE" });
  const nowhere = await call("chat/no/such/route", { method: "GET" });

  expect(await linesOfRequest(requestId)).toMatchObject([{
    level: "warn",
    status: 404,
    code: "session_not_found",
    auth_id: user.authId,
  }]);
  expect(await linesOfRequest(unsigned)).toMatchObject([{ level: "warn", code: "unauthorized" }]);
  expect(await linesOfRequest(nowhere)).toMatchObject([{ route: null, code: "not_found" }]);
});

test("a failure is logged as an error that names its cause by code and place only", async () => {
  await behave({ fail: { path: "/v1/responses", status: 500, times: 2 } });
  const body = JSON.stringify({ session_id: await createSession(user), content: "To no avail" });
  const requestId = await call("chat", { method: "POST", body, token: user.accessToken });

  expect(await linesOfRequest(requestId)).toMatchObject([{
    level: "error",
    status: 503,
    code: "provider_error",
    error: "InternalServerError",
    error_status: 500,
    error_at: expect.any(String),
  }]);
});
