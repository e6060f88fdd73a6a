import type Stripe from "stripe";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import type { Log } from "../_shared/http/log.ts";

/** The services and database calls of billing. */
export interface BillingPorts {
  stripe: Stripe;
  db: BillingDatabase;
  log: Log;
  /** Origins that users may be sent to, separated by commas or spaces. Empty allows only loopback. */
  allowedOrigins: string;
}
