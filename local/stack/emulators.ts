import { randomBytes } from "node:crypto";
import path from "node:path";
import type { Log } from "./log.ts";
import { type Service, startService } from "./service.ts";
import { REPOSITORY, type Settings } from "./settings.ts";

/** A running OpenAI emulator and how its clients reach it. */
export interface OpenAIEmulatorService {
  service: Service;
  provider: NonNullable<Settings["openai"]>;
}

/** Starts the OpenAI emulator; what it holds survives restarts. */
export async function startOpenAIEmulator(
  { port, stateDir, log }: { port: number; stateDir: string; log: Log },
): Promise<OpenAIEmulatorService> {
  const service = await startService({
    name: "openai",
    command: process.execPath,
    args: [path.join(REPOSITORY, "packages/openai-emulator/main.ts")],
    env: {
      PARLEY_OPENAI_PORT: String(port),
      PARLEY_OPENAI_STATE: path.join(stateDir, "openai.json"),
    },
    stopSignal: "SIGTERM",
    ready: /^openai emulator ready/,
    quiet: /^openai emulator ready/,
    log,
  });
  // Any key is good for the emulator; a random one shows up if it ever leaks.
  const apiKey = `sk-emulator-${randomBytes(12).toString("hex")}`;
  return { service, provider: { apiKey, baseUrl: `http://127.0.0.1:${port}/v1` } };
}

/** A running Stripe emulator and how its clients reach it. */
export interface StripeEmulatorService {
  service: Service;
  account: NonNullable<Settings["stripe"]>;
}

/** Starts the Stripe emulator, whose events go to `webhookUrl`; what it holds survives restarts. */
export async function startStripeEmulator(
  { port, stateDir, webhookUrl, log }: {
    port: number;
    stateDir: string;
    webhookUrl: string;
    log: Log;
  },
): Promise<StripeEmulatorService> {
  const webhookSecret = `whsec_${randomBytes(24).toString("hex")}`;
  const service = await startService({
    name: "stripe",
    command: process.execPath,
    args: [path.join(REPOSITORY, "packages/stripe-emulator/main.ts")],
    env: {
      PARLEY_STRIPE_PORT: String(port),
      PARLEY_STRIPE_STATE: path.join(stateDir, "stripe.json"),
      PARLEY_STRIPE_WEBHOOK_URL: webhookUrl,
      PARLEY_STRIPE_WEBHOOK_SECRET: webhookSecret,
    },
    stopSignal: "SIGTERM",
    ready: /^stripe emulator ready/,
    quiet: /^stripe emulator ready/,
    log,
  });
  const secretKey = `sk_test_emulator${randomBytes(12).toString("hex")}`;
  return { service, account: { secretKey, webhookSecret, apiUrl: `http://127.0.0.1:${port}` } };
}
