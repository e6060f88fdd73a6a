import { readStripeAccess } from "../_shared/stripe/environment.ts";
import { createStripe } from "../_shared/stripe/client.ts";
import { readEnvironment } from "../_shared/http/environment.ts";
import { createFileServices } from "../_shared/session-files/file-services.ts";
import { createLog } from "../_shared/http/log.ts";
import { createCleanupFunction } from "./handler.ts";

const values = Deno.env.toObject();
const access = readStripeAccess(values);
const services = await createFileServices(
  readEnvironment(values),
  createLog("vector-store-cleanup"),
);

export default createCleanupFunction({ ...services, stripe: access && createStripe(access) });
