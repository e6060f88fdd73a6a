import { afterEach, describe, expect, test } from "vitest";
import { AppChat, openApp } from "../../helpers/client-app.ts";
import { type Cut, startCuttingProxy } from "../../helpers/cutting-proxy.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser } from "../../helpers/stack.ts";

afterEach(resetOpenAI);

const REPLY = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");
const POST = /^POST \/functions\/v1\/chat$/;
const JOIN = /^GET .*\/stream\b/;

/** Opens a chat whose lines are cut. */
async function openCutChat(...cuts: Cut[]) {
  const user = await createUser();
  const id = await createSession(user);
  const proxy = await startCuttingProxy(...cuts);
  const { parley } = await openApp(user, proxy.url);
  const chat = new AppChat({ parley }, id);
  return { user, id, proxy, parley, chat };
}

async function expectOneReply({ chat, parley, id }: Awaited<ReturnType<typeof openCutChat>>) {
  expect(chat.error).toBeUndefined();
  expect(chat.messages).toHaveLength(2);
  expect(chat.reply).toBe(REPLY);
  // The client has exactly what the database has.
  expect(chat.messages[1]).toEqual((await parley.messages.history(id)).messages[1]);
  const [{ count } = { count: 0 }] = await asPostgres<{ count: number }>(
    "select count(*)::int from public.chat_turns where session_id = $1",
    [id],
  );
  expect(count).toBe(1);
}

describe("a cut line leaves no gap", () => {
  test.for<[string, Cut[]]>([
    ["in the middle of the text", [{ on: POST, after: 700 }]],
    ["before the answer", [{ on: POST, after: 0 }]],
    ["in the first chunk", [{ on: POST, after: 1 }]],
    ["again and again", [
      { on: POST, after: 600 },
      { on: JOIN, after: 0 },
      { on: JOIN, after: 900 },
      { on: JOIN, after: 1_500 },
    ]],
    ["by a proxy that ends it cleanly", [{ on: POST, after: 900, isClean: true }]],
  ])("%s", async ([, cuts]) => {
    await behave({ reply: REPLY, tokens_per_second: 60 });
    const open = await openCutChat(...cuts);

    await open.chat.sendMessage({ text: "Count." });

    await expectOneReply(open);
    expect(open.proxy.cuts).toEqual([]);
  });
});
