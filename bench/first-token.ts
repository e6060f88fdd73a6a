import OpenAI from "openai";
import { setTimeout as delay } from "node:timers/promises";
import { firstText, startStackWithBare } from "./bare.ts";
import { compare, compareRounds, type Measure, quantile } from "./report.ts";
import { type BenchStack, type BenchUser, createBenchUser } from "./stack.ts";

const ROUNDS = 5;
const WARM_UP = 10;
const SAMPLES = 25;
/** The pause after each sample, so that the work after the end of a reply does not fall into the next sample. */
const REST_MS = 30;

/** The milliseconds until the first text, by what was asked. */
type Samples = Record<"existing" | "fresh" | "bare" | "provider", number[]>;

/**
 * Measures the first text of a reply in an existing conversation and in a new one, against a bare function behind the
 * same gateway, and against the provider's emulator without a function.
 */
export async function measureFirstToken(): Promise<Measure[]> {
  await using parts = new AsyncDisposableStack();
  const stack = await startStackWithBare(parts);
  await takeSamples(stack, WARM_UP);
  const rounds: Samples[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await takeSamples(stack, SAMPLES));
  const of = (kind: keyof Samples) => rounds.map((samples) => samples[kind]);
  const at95 = (kind: keyof Samples) => quantile(of(kind).flat(), 0.95);
  return [
    compareRounds(
      "first text, existing conversation : bare function, p50",
      of("existing"),
      of("bare"),
      {
        target: { most: 1.5 },
      },
    ),
    compareRounds("first text, new conversation : bare function, p50", of("fresh"), of("bare"), {
      target: { most: 2 },
    }),
    compare(
      "first text, existing conversation : bare function, p95",
      at95("existing"),
      at95("bare"),
    ),
    compare("first text, new conversation : bare function, p95", at95("fresh"), at95("bare")),
    compareRounds(
      "first text, bare function : straight to the provider, p50",
      of("bare"),
      of("provider"),
    ),
  ];
}

/** Takes samples of all kinds in turn, so that other load on the machine affects them equally. */
async function takeSamples(stack: BenchStack, count: number): Promise<Samples> {
  const user = await createBenchUser(stack.status);
  const openai = new OpenAI({
    apiKey: "bench",
    baseURL: stack.status.OPENAI_BASE_URL,
    maxRetries: 0,
  });
  const sessions = await createSessions(user, count);
  await firstText("chat", stack, user);
  const samples: Samples = { existing: [], fresh: [], bare: [], provider: [] };
  for (const sessionId of sessions) {
    samples.existing.push(await firstText("chat", stack, user));
    await delay(REST_MS);
    samples.bare.push(await firstText("bare", stack, user));
    await delay(REST_MS);
    samples.fresh.push(await firstText("chat", stack, { ...user, sessionId }));
    await delay(REST_MS);
    samples.provider.push(await firstTextOfProvider(openai));
    await delay(REST_MS);
  }
  return samples;
}

async function createSessions({ client }: BenchUser, count: number): Promise<string[]> {
  const { data } = await client.from("chat_sessions")
    .insert(Array.from({ length: count }, () => ({ assistant_slug: "coach" })))
    .select("id").throwOnError();
  return data.map(({ id }) => id);
}

async function firstTextOfProvider(openai: OpenAI): Promise<number> {
  const startedAt = performance.now();
  const events = await openai.responses.create({
    model: "gpt-5.4-mini",
    input: "Hello, how are you today?",
    stream: true,
  });
  let first = 0;
  for await (const event of events) {
    if (first === 0 && event.type === "response.output_text.delta") {
      first = performance.now() - startedAt;
    }
  }
  return first;
}
