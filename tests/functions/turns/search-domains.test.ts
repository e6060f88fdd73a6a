import { expect, test } from "vitest";
import { createAssistant } from "../../helpers/assistants.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { lastTurn } from "../../helpers/sent-turns.ts";
import { asPostgres, createSession, createUser } from "../../helpers/stack.ts";

const limited = { type: "web_search", filters: { allowed_domains: ["example.com"] } };

async function toolsOf(own: unknown[], search: boolean): Promise<unknown> {
  const { slug } = await createAssistant();
  for (const definition of own) {
    await asPostgres("select private.add_provider_tool($1, $1 || '-search', $2)", [
      slug,
      JSON.stringify(definition),
    ]);
  }
  const user = await createUser();
  const session_id = await createSession(user, slug);
  const body = { session_id, content: "Hello", search };
  const response = await postChat(body, user.accessToken);
  expect([response.status, await response.text()]).toEqual([200, expect.anything()]);
  return (await lastTurn(session_id)).tools;
}

test("a user's search keeps the domains that the assistant allows", async () => {
  expect(await toolsOf([limited], true)).toEqual([limited]);
  expect(await toolsOf([limited], false)).toEqual([limited]);
});

test("a user's search of an assistant without the tool may search everywhere", async () => {
  expect(await toolsOf([], true)).toEqual([{ type: "web_search" }]);
});
