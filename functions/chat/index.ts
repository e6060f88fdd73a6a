import { readEnvironment } from "../_shared/http/environment.ts";
import { createFileServices } from "../_shared/session-files/file-services.ts";
import { createLog } from "../_shared/http/log.ts";
import { createChatFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createChatFunction({
  ...await createFileServices(environment, createLog("chat")),
  streamSeconds: environment.PARLEY_STREAM_SECONDS,
});
