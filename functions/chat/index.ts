import { createOpenAI } from "../_shared/openai.ts";
import { readEnvironment } from "../_shared/environment.ts";
import { createLog } from "../_shared/log.ts";
import { createChatFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createChatFunction({
  openai: createOpenAI(environment),
  streamSeconds: environment.PARLEY_STREAM_SECONDS,
  log: createLog("chat"),
});
