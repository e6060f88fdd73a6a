import { readEnvironment } from "../_shared/http/environment.ts";
import { createFileServices } from "../_shared/session-files/file-services.ts";
import { createLog } from "../_shared/http/log.ts";
import { createFilesFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createFilesFunction(await createFileServices(environment, createLog("files")));
