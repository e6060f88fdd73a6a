import { DefaultChatTransport } from "ai";
import { type ParleyMessage, toUIMessage } from "../../types/api.ts";
import { must, stack, type TestUser } from "./stack.ts";
import { type AppTools, TestChat } from "./test-chat.ts";

/** Returns a chat of a user with the stack under test, using the transport of client apps. */
export function openChat(
  user: TestUser,
  sessionId: string,
  messages?: ParleyMessage[],
  tools?: AppTools,
): TestChat {
  return new TestChat({
    id: sessionId,
    messages,
    tools,
    transport: new DefaultChatTransport({
      api: `${stack.FUNCTIONS_URL}/chat`,
      headers: { authorization: `Bearer ${user.accessToken}` },
    }),
  });
}

/** Returns the stored history of a session, as a client app loads it. */
export async function loadHistory(user: TestUser, sessionId: string): Promise<ParleyMessage[]> {
  const query = user.client.from("chat_messages").select().eq("session_id", sessionId).order("seq");
  return must(await query).map(toUIMessage);
}

/** Posts a body to a function as a user, without a client library. */
export function postChat(
  body: BodyInit | Record<string, unknown>,
  accessToken: string | null,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/chat`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(accessToken !== null && { authorization: `Bearer ${accessToken}` }),
    },
    body: typeof body === "string" ? body : JSON.stringify(body),
    ...init,
  });
}

/** Returns the text parts of a message, joined. */
export function readText(message: ParleyMessage | undefined): string {
  return message?.parts.map((part) => part.type === "text" ? part.text : "").join("") ?? "";
}
