import type Stripe from "stripe";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import type { Log } from "../_shared/http/log.ts";

/** What billing needs of the world. */
export interface BillingPorts {
  stripe: Stripe;
  db: BillingDatabase;
  log: Log;
  /** Origins that users may be sent to, separated by commas or spaces; loopback when empty. */
  allowedOrigins: string;
}
