import OpenAI from "openai";
import { readEnvironment } from "../_shared/environment.ts";
import { createLog } from "../_shared/log.ts";
import { createChatFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createChatFunction({
  // A turn must never run twice because a connection broke: retries are decided by the turn.
  openai: new OpenAI({
    apiKey: environment.OPENAI_API_KEY,
    baseURL: environment.OPENAI_BASE_URL,
    maxRetries: 0,
  }),
  clock: () => performance.now(),
  log: createLog("chat"),
});
