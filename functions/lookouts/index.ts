import { readEnvironment } from "../_shared/environment.ts";
import { createFileServices } from "../_shared/files/file-services.ts";
import { createLog } from "../_shared/log.ts";
import { createLookoutsFunction } from "./handler.ts";

const environment = readEnvironment(Deno.env.toObject());

export default createLookoutsFunction(
  await createFileServices(environment, createLog("lookouts")),
);
