import { randomBytes } from "node:crypto";
import path from "node:path";
import { bindPort, type Bound } from "./bind-port.ts";
import type { Log } from "./log.ts";
import { type Service, startService } from "./service.ts";
import { REPOSITORY, type Settings } from "./settings.ts";

/** A running OpenAI emulator, with the address and the key for its clients. */
export interface OpenAIEmulatorService {
  service: Service;
  provider: NonNullable<Settings["openai"]>;
}

/**
 * Starts the OpenAI emulator on any port. It sends its events to `webhookUrl` if there is one. Its data survives
 * restarts. It inherits `PARLEY_OPENAI_TOKENS_PER_SECOND` from the environment of the stack.
 */
export async function startOpenAIEmulator(
  { stateDir, webhookUrl, log }: { stateDir: string; webhookUrl?: string; log: Log },
): Promise<OpenAIEmulatorService> {
  const webhookSecret = `whsec_${randomBytes(24).toString("base64")}`;
  const { port, part: service } = await startEmulator("openai", log, (port) => ({
    PARLEY_OPENAI_PORT: String(port),
    PARLEY_OPENAI_STATE: path.join(stateDir, "openai.json"),
    ...(webhookUrl !== undefined && {
      PARLEY_OPENAI_WEBHOOK_URL: webhookUrl,
      PARLEY_OPENAI_WEBHOOK_SECRET: webhookSecret,
    }),
  }));
  // The emulator accepts any key. A random key can be recognised if it ever leaks.
  const apiKey = `sk-emulator-${randomBytes(12).toString("hex")}`;
  return { service, provider: { apiKey, baseUrl: `http://127.0.0.1:${port}/v1`, webhookSecret } };
}

/** A running Stripe emulator, with the address and the keys for its clients. */
export interface StripeEmulatorService {
  service: Service;
  account: NonNullable<Settings["stripe"]>;
}

/** Starts the Stripe emulator on any port. It sends its events to `webhookUrl`, and its data survives restarts. */
export async function startStripeEmulator(
  { stateDir, webhookUrl, log }: { stateDir: string; webhookUrl: string; log: Log },
): Promise<StripeEmulatorService> {
  const webhookSecret = `whsec_${randomBytes(24).toString("hex")}`;
  const { port, part: service } = await startEmulator("stripe", log, (port) => ({
    PARLEY_STRIPE_PORT: String(port),
    PARLEY_STRIPE_STATE: path.join(stateDir, "stripe.json"),
    PARLEY_STRIPE_WEBHOOK_URL: webhookUrl,
    PARLEY_STRIPE_WEBHOOK_SECRET: webhookSecret,
  }));
  const secretKey = `sk_test_emulator${randomBytes(12).toString("hex")}`;
  return { service, account: { secretKey, webhookSecret, apiUrl: `http://127.0.0.1:${port}` } };
}

/** Starts an emulator on a fixed port, because functions and tests keep its address across restarts. */
function startEmulator(
  name: "openai" | "stripe",
  log: Log,
  env: (port: number) => Record<string, string>,
): Promise<Bound<Service>> {
  const ready = new RegExp(`^${name} emulator ready`);
  return bindPort({ port: 0 }, (port) =>
    startService({
      name,
      command: process.execPath,
      args: [path.join(REPOSITORY, `packages/${name}-emulator/main.ts`)],
      env: env(port),
      stopSignal: "SIGTERM",
      ready,
      quiet: ready,
      log,
    }));
}
