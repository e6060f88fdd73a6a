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

const BillingAccount = z.object({
  profile_id: z.string(),
  email: z.string().nullable(),
  customer_id: z.string().nullable(),
  synced_at: z.string().nullable(),
  former_customers: z.number(),
  has_subscribed: z.boolean(),
});
/** The billing data of a user. */
export type BillingAccount = z.infer<typeof BillingAccount>;

const OrganizationAccount = z.object({
  profile_id: z.string(),
  organization_id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  customer_id: z.string().nullable(),
  former_customers: z.number(),
  members: z.number(),
  /** Null if the organization does not pay. */
  seats: z.number().nullable(),
});
/** The billing data of the organization that a user owns or administrates. */
export type OrganizationAccount = z.infer<typeof OrganizationAccount>;

/** The database calls of billing. Each method is one call. */
export interface BillingDatabase {
  claimEvent(event: Stripe.Event, isUsed: boolean): Promise<Claim>;
  failEvent(eventId: string, error: string): Promise<void>;
  /** Draws a ticket. Objects that are fetched after this may overwrite objects with an earlier ticket. */
  drawTicket(): Promise<number>;
  /** Stores all objects in one transaction. */
  apply(eventId: string | null, ticket: number, objects: StripeObject[]): Promise<void>;
  findAccount(authUserId: string, isBuying: boolean): Promise<BillingAccount>;
  /** Links a customer with a profile. Returns the profile's customer, which another request may have linked before. */
  linkCustomer(profileId: string, customerId: string): Promise<string>;
  /** Refuses a user who neither owns nor administrates an organization. */
  findOrganization(authUserId: string, isBuying: boolean): Promise<OrganizationAccount>;
  /** Links a customer with an organization. Returns the organization's customer. */
  linkOrganizationCustomer(organizationId: string, customerId: string): Promise<string>;
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
    findOrganization: async (auth_user_id, is_buying) =>
      OrganizationAccount.parse(
        unwrap(await admin.rpc("get_organization_billing", { auth_user_id, is_buying })),
      ),
    linkOrganizationCustomer: async (organization_id, customer_id) =>
      unwrap(await admin.rpc("link_organization_customer", { organization_id, customer_id })),
  };
}
