// What a program does with the client. It prints JSON that the test compares.
import process from "node:process";
import { createClient } from "@supabase/supabase-js";
import { createParley, type Database } from "parley-client";

const [url = "", key = ""] = process.argv.slice(2);
const auth = { persistSession: false, autoRefreshToken: false };
const supabase = createClient<Database>(url, key, { auth });
const parley = createParley(supabase);

const email = `user-${crypto.randomUUID()}@example.com`;
await supabase.auth.signUp({ email, password: crypto.randomUUID() });

const { id: sessionId } = await parley.sessions.create({ assistant_slug: "coach" });
const upload = await parley.files.upload(new Blob(["The rain in Lisbon falls in winter."]), {
  sessionId,
  name: "rain.txt",
});
const file = await upload.ready();

let reply = "";
for await (const chunk of parley.chat.send({ sessionId, content: "the rain in Lisbon" })) {
  if (chunk.type === "text-delta") reply += chunk.delta;
}
const { messages } = await parley.messages.history(sessionId);
const usage = await parley.usage();
const refusal = await parley.sessions.rename(crypto.randomUUID(), "Rain").catch(parley.errors.read);

console.log(JSON.stringify({
  reply,
  history: messages.map(({ role }) => role),
  file: file.status,
  used: usage.monthly_messages.used,
  refusal: "code" in refusal && refusal.code,
}));

// supabase-js keeps the connection for live events open for another while, and with it the program.
await supabase.realtime.disconnect();

/** What a client may not do does not compile. */
export async function refusedByTheCompiler(): Promise<void> {
  // @ts-expect-error: only the service may call it.
  await supabase.rpc("apply_stripe_objects", {});
  // @ts-expect-error: only an admin RPC changes roles.
  await supabase.from("profiles").update({ role: "admin" }).eq("id", "");
  // @ts-expect-error: chunks have types, also without the AI SDK.
  for await (const chunk of parley.chat.join("")) chunk.typo;
  // @ts-expect-error: the result has a type.
  (await parley.usage()).monthly_mesages;
}
