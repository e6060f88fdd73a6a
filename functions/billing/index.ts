import { readBillingEnvironment } from "../_shared/billing/environment.ts";
import { createStripe } from "../_shared/billing/stripe.ts";
import { createLog } from "../_shared/log.ts";
import { createBillingFunction } from "./handler.ts";

const environment = readBillingEnvironment(Deno.env.toObject());

export default createBillingFunction({
  stripe: createStripe(environment),
  allowedOrigins: environment.PARLEY_ALLOWED_ORIGINS,
  log: createLog("billing"),
});
