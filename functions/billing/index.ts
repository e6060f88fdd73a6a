import { readBillingEnvironment } from "../_shared/stripe/environment.ts";
import { createStripe } from "../_shared/stripe/client.ts";
import { createLog } from "../_shared/http/log.ts";
import { createBillingFunction } from "./handler.ts";

const environment = readBillingEnvironment(Deno.env.toObject());

export default createBillingFunction({
  stripe: createStripe(environment),
  allowedOrigins: environment.PARLEY_ALLOWED_ORIGINS,
  log: createLog("billing"),
});
