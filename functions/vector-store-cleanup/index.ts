import { readEnvironment } from "../_shared/environment.ts";
import { createFileServices } from "../_shared/files/file-services.ts";
import { createLog } from "../_shared/log.ts";
import { createCleanupFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());
const log = createLog("vector-store-cleanup");

export default createCleanupFunction(await createFileServices(environment, log));
