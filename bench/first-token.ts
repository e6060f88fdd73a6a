import OpenAI from "openai";
import { compare, type Measure, measure, milliseconds, quantile } from "./report.ts";
import {
  type BenchUser,
  createBenchUser,
  startBenchStack,
  temporaryState,
  timeToFirstText,
} from "./stack.ts";

const WARM_UP = 20;
const SAMPLES = 200;

/**
 * Measures what the chat function adds before the first text, against the same request sent directly to the
 * emulator.
 */
export async function measureFirstToken(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  const openai = new OpenAI({
    apiKey: "bench",
    baseURL: stack.status.OPENAI_BASE_URL,
    maxRetries: 0,
  });
  const { id: conversation } = await openai.conversations.create();
  const user: BenchUser = await createBenchUser(stack.status);
  const direct: number[] = [];
  const chat: number[] = [];
  // Both sides alternate, so that other load on the machine affects them equally.
  for (let sample = 0; sample < WARM_UP + SAMPLES; sample += 1) {
    direct.push(await timeDirect(openai, conversation));
    chat.push(await timeToFirstText(stack.status, user));
  }
  return summarize(direct.slice(WARM_UP), chat.slice(WARM_UP));
}

async function timeDirect(openai: OpenAI, conversation: string): Promise<number> {
  const startedAt = performance.now();
  const events = await openai.responses.create({
    model: "gpt-5.4-mini",
    conversation,
    input: "Hello, how are you today?",
    stream: true,
    background: true,
    store: true,
  });
  let first = 0;
  for await (const event of events) {
    if (first === 0 && event.type === "response.output_text.delta") {
      first = performance.now() - startedAt;
    }
  }
  return first;
}

function summarize(direct: number[], chat: number[]): Measure[] {
  return [0.5, 0.95].flatMap((share) => {
    const [baseline, value] = [quantile(direct, share), quantile(chat, share)];
    const name = `first text of a reply, p${share * 100}`;
    return [
      compare(`${name}, against straight to the provider`, value, baseline),
      measure(`${name}, added`, value - baseline, { format: milliseconds }),
    ];
  });
}
