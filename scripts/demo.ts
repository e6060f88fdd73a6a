// `npm run demo`: holds a conversation as a client app would, from sign-up to stored history. With
// `-- --file README.md` it is about that file, and `--ask "…"` sets the question. With `-- --upgrade` the user buys a
// plan. With `-- --tools` the assistant calls functions of the database.
// Uses the running local stack, or the project of SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY. If that project confirms
// addresses of new users, set DEMO_EMAIL and DEMO_PASSWORD of an existing user.
import { randomBytes, randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { DefaultChatTransport, type UIMessageChunk } from "ai";
import { loadEnvFile, readSettings } from "../local/stack/settings.ts";
import { explainMissingStack, readStatus } from "../local/stack/status.ts";
import { type ParleyMessage, toUIMessage } from "../types/api.ts";
import type { Database } from "../types/database.ts";
import { firstTopic, uploadFile } from "./demo-file.ts";
import { demoTools, GOAL_COACH, requireGoals, type Send } from "./demo-tools.ts";
import { demoUpgrade } from "./demo-upgrade.ts";

const { values: options } = parseArgs({
  options: {
    file: { type: "string" },
    ask: { type: "string" },
    upgrade: { type: "boolean" },
    tools: { type: "boolean" },
  },
});

/** How much of a stored message is printed. */
const SHOWN_LENGTH = 100;

type Client = SupabaseClient<Database>;

loadEnvFile();
try {
  await demo();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function demo(): Promise<void> {
  const project = await findProject();
  const supabase: Client = createClient<Database>(project.url, project.key);
  const email = await signIn(supabase);
  step(`Signed in as ${email}`);
  if (options.tools) await requireGoals(supabase);

  const session = check(
    await supabase.from("chat_sessions").insert({ assistant_slug: chooseAssistant() }).select()
      .single(),
  );
  step(`Chat ${session.id} with "${session.assistant_slug}"`);

  const send: Send = (message, show) => converse(supabase, project.url, session.id, message, show);
  const say = async (text: string) => {
    step(`You: ${text}`);
    await send({ id: randomUUID(), role: "user", parts: [{ type: "text", text }] });
  };
  if (options.tools) {
    await demoTools({ send, step });
  } else if (options.upgrade) {
    await demoUpgrade({ supabase, say, step });
  } else if (options.file) {
    await askAboutFile({ supabase, url: project.url, sessionId: session.id }, options.file, say);
  } else {
    await say("My first customer came in from the rain.");
    await say("What did I just tell you?");
  }

  step("Stored history");
  const rows = check(
    await supabase.from("chat_messages").select().eq("session_id", session.id).order("seq"),
  );
  for (const row of rows) {
    const [first] = toUIMessage(row).parts.filter((part) => part.type === "text");
    const tokens = row.total_tokens === null ? "" : ` (${row.model}, ${row.total_tokens} tokens)`;
    console.log(`${row.seq}. ${row.sender}, ${row.status}${tokens}: ${shorten(first?.text ?? "")}`);
  }
  await supabase.auth.signOut();
}

function chooseAssistant(): string {
  if (options.tools) return GOAL_COACH;
  return options.file ? "researcher" : "storyteller";
}

async function askAboutFile(
  target: { supabase: Client; url: string; sessionId: string },
  file: string,
  say: (text: string) => Promise<void>,
): Promise<void> {
  step(`Uploading ${file}`);
  const { session } = check(await target.supabase.auth.getSession());
  const accessToken = session?.access_token ?? "";
  const { file_name, file_size, file_type } = await uploadFile({ ...target, accessToken }, file);
  console.log(`${file_name}, ${file_type}, ${file_size} bytes: ready`);
  await say(options.ask ?? `What does the file say about ${await firstTopic(file)}?`);
}

async function findProject(): Promise<{ url: string; key: string }> {
  const { SUPABASE_URL: url, SUPABASE_PUBLISHABLE_KEY: key } = process.env;
  if (url && key) return { url, key };
  if (url || key) {
    throw new Error("Set both SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY, or neither.");
  }
  const { stateDir } = readSettings();
  const status = await readStatus(stateDir);
  if (status) return { url: status.API_URL, key: status.PUBLISHABLE_KEY };
  throw new Error(
    `${await explainMissingStack(stateDir)}\n` +
      "To use another project, set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY.",
  );
}

async function signIn(supabase: Client): Promise<string> {
  const { DEMO_EMAIL, DEMO_PASSWORD } = process.env;
  if (DEMO_EMAIL && DEMO_PASSWORD) {
    check(await supabase.auth.signInWithPassword({ email: DEMO_EMAIL, password: DEMO_PASSWORD }));
    return DEMO_EMAIL;
  }
  const email = `demo-${randomUUID()}@example.com`;
  const { session } = check(
    await supabase.auth.signUp({ email, password: randomBytes(18).toString("base64url") }),
  );
  if (!session) {
    throw new Error(
      "This project confirms addresses. Set DEMO_EMAIL and DEMO_PASSWORD of an existing user.",
    );
  }
  return email;
}

/** Sends one message as `useChat` does, and prints the text of the reply while it streams. `show` gets its chunks. */
async function converse(
  supabase: Client,
  url: string,
  sessionId: string,
  message: ParleyMessage,
  show: (chunk: UIMessageChunk) => void = () => {},
): Promise<void> {
  const { session } = check(await supabase.auth.getSession());
  const transport = new DefaultChatTransport<ParleyMessage>({
    api: `${url}/functions/v1/chat`,
    headers: { authorization: `Bearer ${session?.access_token}` },
  });
  const chunks = await transport.sendMessages({
    chatId: sessionId,
    trigger: "submit-message",
    messageId: undefined,
    messages: [message],
    abortSignal: undefined,
  });
  const sources: string[] = [];
  for await (const chunk of chunks) {
    show(chunk);
    if (chunk.type === "text-delta") process.stdout.write(chunk.delta);
    if (chunk.type === "source-document") sources.push(chunk.title);
    if (chunk.type === "error") throw new Error(`The reply failed: ${chunk.errorText}`);
  }
  console.log();
  for (const source of sources) console.log(`Source: ${source}`);
}

type Result = { data: unknown; error: { message: string } | null };

/** Returns the data of a call to Supabase. Throws its error. */
function check<R extends Result>(result: R): Extract<R, { error: null }>["data"] {
  if (result.error) throw new Error(result.error.message);
  return result.data;
}

/** Returns the beginning of a text; an ellipsis marks a cut. */
function shorten(text: string): string {
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}

function step(title: string): void {
  console.log(`\n── ${title}`);
}
