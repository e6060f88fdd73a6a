import { readEnvironment } from "../_shared/environment.ts";
import { createFileServices } from "../_shared/files/file-services.ts";
import { createLog } from "../_shared/log.ts";
import { createChatFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createChatFunction({
  ...await createFileServices(environment, createLog("chat")),
  streamSeconds: environment.PARLEY_STREAM_SECONDS,
});
