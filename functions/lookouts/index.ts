import { readEnvironment } from "../_shared/http/environment.ts";
import { createFileServices } from "../_shared/session-files/file-services.ts";
import { createLog } from "../_shared/http/log.ts";
import { createLookoutsFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createLookoutsFunction(
  await createFileServices(environment, createLog("lookouts")),
);
