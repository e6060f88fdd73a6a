import type { SupabaseClient } from "@supabase/supabase-js";
import type Stripe from "stripe";
import { z } from "zod";
import type { Database } from "../../../types/database.ts";
import { unwrap } from "../http/refusal.ts";
import { toStoredJson } from "../http/stored-json.ts";
import type { StripeObject } from "./stripe-objects.ts";
import { toIso } from "./client.ts";

const Claim = z.object({
  status: z.enum(["processing", "processed", "ignored"]),
  /** The ticket of this attempt; null when there is nothing to do. */
  ticket: z.number().nullable(),
});
type Claim = z.infer<typeof Claim>;

const Policy = z.object({
  promotion_codes: z.boolean(),
  automatic_tax: z.boolean(),
  billing_address: z.boolean(),
  trial_without_card: z.boolean(),
  max_quantity: z.number(),
  /** Stripe validates them. */
  custom_fields: z.array(z.custom<Stripe.Checkout.SessionCreateParams.CustomField>()),
});
/** The operator's options of the checkout. */
export type BillingPolicy = z.infer<typeof Policy>;

const BillingAccount = z.object({
  policy: Policy,
  profile_id: z.string(),
  email: z.string().nullable(),
  customer_id: z.string().nullable(),
  synced_at: z.string().nullable(),
  /** The subscription with which the user pays for a plan. */
  plan_subscription: z.string().nullable(),
  former_customers: z.number(),
  has_subscribed: z.boolean(),
});
/** The billing data of a user. */
export type BillingAccount = z.infer<typeof BillingAccount>;

/** The database calls of billing. Each method is one call. */
export interface BillingDatabase {
  claimEvent(event: Stripe.Event, isUsed: boolean): Promise<Claim>;
  failEvent(eventId: string, error: string): Promise<void>;
  /** Ends an event about an object that Stripe no longer has. */
  dropEvent(eventId: string, error: string): Promise<void>;
  /** Stores what the operator must change, for `db:health`. */
  reportProblem(cause: string, fix: string): Promise<void>;
  /** Draws a ticket. Objects that are fetched after this may overwrite objects with an earlier ticket. */
  drawTicket(): Promise<number>;
  /** Stores all objects in one transaction. */
  apply(eventId: string | null, ticket: number, objects: StripeObject[]): Promise<void>;
  findAccount(authUserId: string, isBuying: boolean): Promise<BillingAccount>;
  /** Links a customer with a profile. Returns the profile's customer, which another request may have linked before. */
  linkCustomer(profileId: string, customerId: string): Promise<string>;
}

/** Creates the database calls of billing from a client with the secret key. */
export function createBillingDatabase(admin: SupabaseClient<Database>): BillingDatabase {
  return {
    claimEvent: async ({ id, type, api_version, livemode, created }, is_used) =>
      Claim.parse(unwrap(
        await admin.rpc("claim_stripe_event", {
          event_id: id,
          event_type: type,
          api_version: api_version ?? "",
          livemode,
          created_at: toIso(created),
          is_used,
        }),
      )),
    failEvent: async (event_id, error) =>
      void unwrap(await admin.rpc("fail_stripe_event", { event_id, error })),
    dropEvent: async (event_id, error) =>
      void unwrap(await admin.rpc("drop_stripe_event", { event_id, error })),
    reportProblem: async (cause, fix) =>
      void unwrap(await admin.rpc("report_stripe_problem", { cause, fix })),
    drawTicket: async () => unwrap(await admin.rpc("draw_stripe_ticket")),
    apply: async (event_id, ticket, objects) =>
      void unwrap(
        await admin.rpc("apply_stripe_objects", {
          // The generated types have no nullable arguments.
          event_id: event_id ?? "",
          ticket,
          // Customers of Stripe may have typed characters that jsonb refuses.
          objects: toStoredJson(objects),
        }),
      ),
    findAccount: async (auth_user_id, is_buying) =>
      BillingAccount.parse(
        unwrap(await admin.rpc("get_billing_account", { auth_user_id, is_buying })),
      ),
    linkCustomer: async (profile_id, customer_id) =>
      unwrap(await admin.rpc("link_stripe_customer", { profile_id, customer_id })),
  };
}
