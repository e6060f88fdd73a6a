// The baseline of the benchmark of events: @supabase/stripe-sync-engine in a function, behind the gateway. The
// benchmark installs the engine beside this file, and writes its settings into config.json.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import Stripe from "stripe";

const { StripeSync } = createRequire(import.meta.url)("@supabase/stripe-sync-engine");

/** The settings are there at the first request, not at the start. */
function startEngine() {
  const file = new URL("config.json", import.meta.url);
  const { api, config } = JSON.parse(readFileSync(file, "utf8"));
  const engine = new StripeSync(config);
  // The engine's own client, a CommonJS module, asks for rights that functions do not have.
  const httpClient = Stripe.createFetchHttpClient();
  engine.stripe = new Stripe(config.stripeSecretKey, { ...api, httpClient });
  return engine;
}

let engine: ReturnType<typeof startEngine> | undefined;

export default {
  async fetch(request: Request): Promise<Response> {
    engine ??= startEngine();
    const signature = request.headers.get("stripe-signature");
    await engine.processWebhook(await request.text(), signature);
    return Response.json({ received: true });
  },
};
