import process from "node:process";
import * as z from "zod";
import { endWithSupervisor } from "@parley/emulator-kit/end-with-supervisor.ts";
import { serveStripeEmulator } from "./serve-emulator.ts";

const Environment = z.object({
  PARLEY_STRIPE_PORT: z.coerce.number().int().min(0).max(65_535).default(54_332),
  PARLEY_STRIPE_STATE: z.string().min(1).optional(),
  PARLEY_STRIPE_WEBHOOK_URL: z.url().optional(),
  PARLEY_STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
}).refine((given) => !given.PARLEY_STRIPE_WEBHOOK_URL || given.PARLEY_STRIPE_WEBHOOK_SECRET, {
  error: "PARLEY_STRIPE_WEBHOOK_URL needs a secret that signs the events",
  path: ["PARLEY_STRIPE_WEBHOOK_SECRET"],
});

const environment = Environment.parse(process.env);
const { PARLEY_STRIPE_WEBHOOK_URL: url, PARLEY_STRIPE_WEBHOOK_SECRET: secret } = environment;
const emulator = await serveStripeEmulator({
  port: environment.PARLEY_STRIPE_PORT,
  stateFile: environment.PARLEY_STRIPE_STATE,
  webhook: url && secret ? { url, secret } : undefined,
});
console.log(`stripe emulator ready on ${emulator.url}`);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, emulator.close);
endWithSupervisor(emulator.close);
