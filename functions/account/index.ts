import { createStripe } from "../_shared/stripe/client.ts";
import { readStripeAccess } from "../_shared/stripe/environment.ts";
import { createLog } from "../_shared/http/log.ts";
import { readAccountEnvironment } from "./environment.ts";
import { createAccountFunction } from "./handler.ts";

const values = Deno.env.toObject();
const access = readStripeAccess(values);

export default createAccountFunction({
  api: readAccountEnvironment(values),
  stripe: access && createStripe(access),
  log: createLog("account"),
});
