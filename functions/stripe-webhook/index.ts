import { readBillingEnvironment } from "../_shared/stripe/environment.ts";
import { createStripe, isLiveKey } from "../_shared/stripe/client.ts";
import { createLog } from "../_shared/http/log.ts";
import { createWebhookFunction } from "./handler.ts";

const environment = readBillingEnvironment(Deno.env.toObject());

export default createWebhookFunction({
  stripe: createStripe(environment),
  webhookSecret: environment.STRIPE_WEBHOOK_SECRET,
  isLive: isLiveKey(environment.STRIPE_SECRET_KEY),
  log: createLog("stripe-webhook"),
});
