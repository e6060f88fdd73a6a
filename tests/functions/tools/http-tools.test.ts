import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createAssistant } from "../../helpers/assistants.ts";
import { loadHistory, openChat, readText } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { call } from "../../helpers/tools.ts";

const SECRET = `whsec_${Buffer.from("a secret of thirty-two characters").toString("base64")}`;

/** A request that the operator's service received. */
interface Received {
  headers: IncomingMessage["headers"];
  body: string;
}

const received: Received[] = [];
const server = createServer(async (request, response) => {
  received.push({ headers: request.headers, body: await text(request) });
  const { arguments: given } = JSON.parse(received.at(-1)?.body ?? "{}");
  switch (given?.do) {
    case "fail":
      response.writeHead(409, { "content-type": "application/json" });
      return response.end(JSON.stringify({ error: "The room is taken." }));
    case "redirect":
      response.writeHead(302, { location: "/elsewhere" });
      return response.end();
    case "flood":
      return response.end("x".repeat(1_200_000));
    case "hang":
      return;
    case "text":
      return response.end("Booked.");
    default:
      return response.end(JSON.stringify({ booked: given?.room }));
  }
});
const { slug } = await createAssistant();
let url = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/rooms?x=1`;
  const parameters = JSON.stringify({
    type: "object",
    properties: { room: { type: "string" }, do: { type: "string" } },
    additionalProperties: false,
  });
  for (const [name, secret] of [["book_room", "room_secret"], ["book_desk", null]] as const) {
    await asPostgres(
      "select private.add_http_tool($1, $2, 'Books.', $3, $4, $5, '{\"timeout_ms\": 1000, \"max_calls\": 20}')",
      [slug, name, parameters, url, secret],
    );
  }
});
afterEach(resetOpenAI);
afterAll(async () => {
  await asPostgres("drop schema if exists vault cascade");
  server.closeAllConnections();
  server.close();
});

async function addSecret(): Promise<void> {
  await asPostgres(`
    create schema vault;
    create view vault.decrypted_secrets as select 'room_secret' as name, '${SECRET}' as decrypted_secret;
  `);
}

async function runTools(user: TestUser, ...calls: ReturnType<typeof call>[]) {
  const sessionId = await createSession(user, slug);
  await behave({ scenario: "tool_steps", steps: [{ calls }] });
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Book" });
  const rows = must(
    await user.client.from("tool_calls").select().eq("session_id", sessionId).order("position"),
  );
  return { chat, sessionId, rows };
}

test("a call is posted once, signed as Standard Webhooks, with its user, chat and id", async () => {
  await addSecret();
  const user = await createUser();
  received.length = 0;

  const { chat, sessionId, rows } = await runTools(user, call("book_room", { room: "Oslo" }));

  expect(rows).toMatchObject([{ status: "complete", output: { booked: "Oslo" }, attempts: 1 }]);
  expect(readText(chat.messages[1])).toContain("Oslo");
  const [request, ...others] = received;
  expect(others).toEqual([]);
  const body = new Webhook(SECRET).verify(
    request?.body ?? "",
    request?.headers as Record<string, string>,
  );
  expect(body).toEqual({
    type: "tool.call",
    id: rows[0]?.id,
    tool: "book_room",
    user_id: user.authId,
    session_id: sessionId,
    arguments: { room: "Oslo" },
  });
  expect(request?.headers["idempotency-key"]).toBe(rows[0]?.id);
  await asPostgres("drop schema vault cascade");
});

test("a tool whose secret is missing is not called", async () => {
  const user = await createUser();
  received.length = 0;

  const { rows } = await runTools(user, call("book_room", { room: "Oslo" }));

  expect(rows).toMatchObject([{ status: "failed", error: "The tool could not be called." }]);
  expect(received).toEqual([]);
});

test("failures, redirects, floods and silence are told to the model, and the reply goes on", async () => {
  const user = await createUser();

  const { chat, sessionId, rows } = await runTools(
    user,
    ...["text", "fail", "redirect", "flood", "hang"].map((what) => call("book_desk", { do: what })),
  );

  expect(rows.map(({ status, output, error }) => [status, output ?? error])).toEqual([
    ["complete", "Booked."],
    ["failed", "The tool answered with status 409: The room is taken."],
    ["failed", "The tool answered with status 302."],
    ["failed", "The answer of the tool was longer than 1 MB."],
    ["failed", "The tool took too long."],
  ]);
  expect(readText(chat.messages[1])).toContain("Booked.");
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
});
