import process from "node:process";
import * as z from "zod";
import { endWithSupervisor } from "@parley/emulator-kit/end-with-supervisor.ts";
import { serveOpenAIEmulator } from "./serve-emulator.ts";

const Environment = z.object({
  PARLEY_OPENAI_PORT: z.coerce.number().int().min(0).max(65_535).default(54_331),
  PARLEY_OPENAI_STATE: z.string().min(1).optional(),
  PARLEY_OPENAI_WEBHOOK_URL: z.string().min(1).optional(),
  PARLEY_OPENAI_WEBHOOK_SECRET: z.string().default(""),
  PARLEY_OPENAI_TOKENS_PER_SECOND: z.coerce.number().min(0).default(60),
});

const environment = Environment.parse(process.env);
const { PARLEY_OPENAI_WEBHOOK_URL: url, PARLEY_OPENAI_WEBHOOK_SECRET: secret } = environment;
const emulator = await serveOpenAIEmulator({
  port: environment.PARLEY_OPENAI_PORT,
  stateFile: environment.PARLEY_OPENAI_STATE,
  webhook: url === undefined ? undefined : { url, secret },
  tokensPerSecond: environment.PARLEY_OPENAI_TOKENS_PER_SECOND,
});
console.log(`openai emulator ready on ${emulator.url}`);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, emulator.close);
endWithSupervisor(emulator.close);
