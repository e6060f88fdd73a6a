import { type Measure, measure } from "./report.ts";
import type { StackStatus } from "../local/stack/status.ts";
import { startRecordedFunctions } from "./recorded-functions.ts";
import {
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
  timeToFirstText,
} from "./stack.ts";

/** The turns that run at once, and how long each runs. */
const TURNS = 20;
const TURN_SECONDS = 12;

/**
 * Counts the chat function's calls to the database and to OpenAI, in order: in the second turn of a session, when the
 * conversation is rebuilt, and while many turns run.
 */
export async function measureRoundTrips(): Promise<Measure[]> {
  await using parts = new AsyncDisposableStack();
  const state = parts.use(await temporaryState());
  const stack = parts.use(await startBenchStack(state.directory));
  const calls: string[] = [];
  const counted = await startRecordedFunctions(
    parts,
    stack.status,
    ({ upstream, path }) => void calls.push(`${upstream} ${path}`),
  );

  const user = await createBenchUser(stack.status);
  await timeToFirstText(counted, user);
  calls.length = 0;
  await timeToFirstText(counted, user);
  const usual = calls.splice(0);
  const before = usual.slice(0, usual.findIndex((call) => call.startsWith("openai")));
  // Another reply needs a new conversation, because the old one has the reply that it replaces.
  const trigger = "regenerate-message";
  await read(counted, user, { id: user.sessionId, messages: [], trigger });
  const rebuilt = calls.splice(0).filter((call) => call.startsWith("openai"));
  const written = await countWhileRunning(counted, calls);
  return [
    measure("database round trips before the request to OpenAI", before.length, {
      target: { most: 1 },
    }),
    measure("requests to OpenAI when the conversation is rebuilt", rebuilt.length, {
      target: { most: 2 },
    }),
    measure(`writes while ${TURNS} turns run for ${TURN_SECONDS} s`, written, {
      // One within the first ten seconds, one after them.
      target: { most: Math.ceil(TURN_SECONDS / 10) },
    }),
    { name: "all calls of a turn, in order", value: usual.join(" · ") },
  ];
}

/** Returns the calls of the database while turns run, besides the calls that begin and end each turn. */
async function countWhileRunning(status: StackStatus, calls: string[]): Promise<number> {
  const reply = Array(TURN_SECONDS * 10).fill("word").join(" ");
  const behaviour = new URL("/_emulator/behaviour", status.OPENAI_BASE_URL);
  await fetch(behaviour, {
    method: "PUT",
    body: JSON.stringify({ reply, tokens_per_second: 10 }),
  });
  const users = await Promise.all(Array.from({ length: TURNS }, () => createBenchUser(status)));
  await Promise.all(users.map((user) => timeToFirstText(status, user)));
  // The calls that begin and end each turn, and name its session.
  const once = /start_turn|save_turn_ids|settle_turn|set_generated_title/;
  return calls.filter((call) => call.startsWith("database") && !once.test(call)).length;
}

/** Sends a request to the chat function and reads the reply to its end. */
async function read(status: StackStatus, user: BenchUser, body: object): Promise<void> {
  const response = await fetch(`${status.FUNCTIONS_URL}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${user.accessToken}` },
    body: JSON.stringify(body),
  });
  const reply = await response.text();
  if (!reply.includes('"type":"finish"')) throw new Error(reply);
}
