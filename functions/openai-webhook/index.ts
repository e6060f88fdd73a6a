import { readEnvironment } from "../_shared/http/environment.ts";
import { createLog } from "../_shared/http/log.ts";
import { createOpenAI } from "../_shared/openai/client.ts";
import { createTurnWebhookFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createTurnWebhookFunction({
  openai: createOpenAI(environment),
  webhookSecret: environment.OPENAI_WEBHOOK_SECRET,
  log: createLog("openai-webhook"),
});
