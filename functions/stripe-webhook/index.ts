import { readBillingEnvironment } from "../_shared/billing/environment.ts";
import { createStripe, isLiveKey } from "../_shared/billing/stripe.ts";
import { createLog } from "../_shared/log.ts";
import { createWebhookFunction } from "./handler.ts";

const environment = readBillingEnvironment(Deno.env.toObject());

export default createWebhookFunction({
  stripe: createStripe(environment),
  webhookSecret: environment.STRIPE_WEBHOOK_SECRET,
  isLive: isLiveKey(environment.STRIPE_SECRET_KEY),
  log: createLog("stripe-webhook"),
});
