import { readEnvironment } from "../_shared/http/environment.ts";
import { createLog } from "../_shared/http/log.ts";
import { createFileServices } from "../_shared/session-files/file-services.ts";
import { createTurnWebhookFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createTurnWebhookFunction({
  ...await createFileServices(environment, createLog("openai-webhook")),
  webhookSecret: environment.OPENAI_WEBHOOK_SECRET,
});
