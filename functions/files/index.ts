import { readEnvironment } from "../_shared/environment.ts";
import { createFileServices } from "../_shared/files/file-services.ts";
import { createLog } from "../_shared/log.ts";
import { createFilesFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createFilesFunction(await createFileServices(environment, createLog("files")));
