import { readStripeAccess } from "../_shared/billing/environment.ts";
import { createStripe } from "../_shared/billing/stripe.ts";
import { readEnvironment } from "../_shared/environment.ts";
import { createFileServices } from "../_shared/files/file-services.ts";
import { createLog } from "../_shared/log.ts";
import { createCleanupFunction } from "./handler.ts";

const values = Deno.env.toObject();
const access = readStripeAccess(values);
const services = await createFileServices(
  readEnvironment(values),
  createLog("vector-store-cleanup"),
);

export default createCleanupFunction({ ...services, stripe: access && createStripe(access) });
