import { createClient } from "@supabase/supabase-js";
import { expect, test } from "vitest";
import { createParley, type Database } from "../../../packages/client/src/index.ts";
import { AppChat } from "../../helpers/client-app.ts";
import { freshEmail } from "../../helpers/mail.ts";
import { stackOfFile } from "../../helpers/own-stack.ts";

const REPLY = Array.from({ length: 30 }, (_, index) => `word${index}`).join(" ");
/** Streams end after a second, so that a reply needs several. */
const ownStack = stackOfFile({ PARLEY_SCHEDULER: "off", PARLEY_STREAM_SECONDS: "1" });

async function openChat() {
  const { status } = ownStack();
  const supabase = createClient<Database>(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
  });
  await supabase.auth.signUp({ email: freshEmail(), password: "correct horse battery" });
  const parley = createParley(supabase);
  const { id } = await parley.sessions.create({ assistant_slug: "coach" });
  await fetch(new URL("/_emulator/behaviour", status.OPENAI_BASE_URL), {
    method: "PUT",
    body: JSON.stringify({ reply: REPLY, tokens_per_second: 10 }),
  });
  return { parley, id, chat: new AppChat({ parley }, id) };
}

async function expectWholeReply({ parley, id, chat }: Awaited<ReturnType<typeof openChat>>) {
  expect(chat.error).toBeUndefined();
  expect(chat.reply).toBe(REPLY);
  expect(chat.messages).toEqual((await parley.messages.history(id)).messages);
}

test("a stream that asks the client to reload is joined again", async () => {
  const open = await openChat();
  await open.chat.sendMessage({ text: "Count." });
  await expectWholeReply(open);
});

test("a reply survives the death of its function", async () => {
  const open = await openChat();
  const sending = open.chat.sendMessage({ text: "Count." });
  await expect.poll(() => open.chat.reply).toContain("word3");

  await ownStack().stack.killFunctions();
  await sending;

  await expectWholeReply(open);
});
