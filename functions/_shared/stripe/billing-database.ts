import type { SupabaseClient } from "@supabase/supabase-js";
import type Stripe from "stripe";
import * as z from "zod";
import type { Database } from "../../../types/database.ts";
import { unwrap } from "../http/refusal.ts";
import { toStoredJson } from "../http/stored-json.ts";
import type { StripeObject } from "./stripe-objects.ts";
import { toIso } from "./client.ts";
import { Target } from "./target.ts";

const Claim = z.object({
  status: z.enum(["processing", "processed", "ignored", "dropped"]),
  /** True if a worker will apply the event. */
  is_waiting: z.boolean(),
  /** The ticket of this attempt; null when there is nothing to do. */
  ticket: z.number().nullable(),
});
/** Who applies an event, and with which ticket. */
export type Claim = z.infer<typeof Claim>;
const Claims = z.record(z.string(), Claim);

const PayersClaim = z.object({
  /** Null when nothing waits. */
  ticket: z.number().nullable(),
  payers: z.array(z.object({
    payer: z.string(),
    events: z.array(z.object({ id: z.string(), targets: z.array(Target) })),
  })),
});
/** Waiting events, by payer, which a worker has for a minute. */
export type PayersClaim = z.infer<typeof PayersClaim>;

/** The objects that an event is about, and the payer by whom it waits. */
export interface EventTargets {
  payer: string;
  targets: Target[];
}

/** A delivered event. `used` is null for an event that Parley ignores. */
export interface DeliveredEvent {
  event: Pick<Stripe.Event, "id" | "type" | "api_version" | "livemode" | "created">;
  used: EventTargets | null;
}

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
  /** False if the user, or another account of the same address, has ever subscribed. */
  may_have_trial: z.boolean(),
});
/** The billing data of a user. */
export type BillingAccount = z.infer<typeof BillingAccount>;

const OrganizationAccount = z.object({
  policy: Policy,
  profile_id: z.string(),
  organization_id: z.string(),
  name: z.string(),
  email: z.string().nullable(),
  customer_id: z.string().nullable(),
  former_customers: z.number(),
  members: z.number(),
  /** True if the organization pays for a plan. */
  has_plan: z.boolean(),
});
/** The billing data of the organization that a user owns or administrates. */
export type OrganizationAccount = z.infer<typeof OrganizationAccount>;

/** The database calls of billing. Each method is one call. */
export interface BillingDatabase {
  /** Records different events, and says by their ids who applies each. */
  recordEvents(events: DeliveredEvent[]): Promise<Record<string, Claim>>;
  /** Claims the waiting events of at most `maxPayers` payers. */
  claimPayers(maxPayers: number): Promise<PayersClaim>;
  failEvent(eventId: string, error: string): Promise<void>;
  /** Ends an event about an object that Stripe no longer has. */
  dropEvent(eventId: string, error: string): Promise<void>;
  /** Stores what the operator must change, for `db:health`. */
  reportProblem(cause: string, fix: string): Promise<void>;
  /** Draws a ticket. Objects that are fetched after this may overwrite objects with an earlier ticket. */
  drawTicket(): Promise<number>;
  /** Stores all objects in one transaction. */
  apply(eventId: string | null, ticket: number, objects: StripeObject[]): Promise<void>;
  /** Stores all objects in one transaction, which marks these events as processed. */
  applyEvents(eventIds: string[], ticket: number, objects: StripeObject[]): Promise<void>;
  /** Returns the products among `ids` that have been fetched before. */
  findKnownProducts(ids: string[]): Promise<Set<string>>;
  findAccount(authUserId: string, isBuying: boolean): Promise<BillingAccount>;
  /** Links a customer with a profile. Returns the profile's customer, which another request may have linked before. */
  linkCustomer(profileId: string, customerId: string): Promise<string>;
  /** Refuses a user who neither owns nor administrates an organization, or may not act. */
  findOrganization(authUserId: string): Promise<OrganizationAccount>;
  /** Links a customer with an organization. Returns the organization's customer. */
  linkOrganizationCustomer(organizationId: string, customerId: string): Promise<string>;
}

/** Creates the database calls of billing from a client with the secret key. */
export function createBillingDatabase(admin: SupabaseClient<Database>): BillingDatabase {
  return {
    recordEvents: async (delivered) => {
      const events = delivered.map(({ event: { created, ...event }, used }) => ({
        id: event.id,
        type: event.type,
        api_version: event.api_version,
        livemode: event.livemode,
        created_at: toIso(created),
        ...used,
      }));
      return Claims.parse(
        unwrap(await admin.rpc("record_stripe_events", { events: toStoredJson(events) })),
      );
    },
    claimPayers: async (max_payers) =>
      PayersClaim.parse(unwrap(await admin.rpc("claim_stripe_events", { max_payers }))),
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
    applyEvents: async (event_ids, ticket, objects) =>
      void unwrap(
        await admin.rpc("apply_stripe_events", {
          event_ids,
          ticket,
          objects: toStoredJson(objects),
        }),
      ),
    findKnownProducts: async (ids) => {
      // Ticket 0 marks a row that only stands in for a product.
      const query = admin.from("stripe_products").select("id").in("id", ids).gt("ticket", 0);
      return new Set(unwrap(await query).map(({ id }) => id));
    },
    findAccount: async (auth_user_id, is_buying) =>
      BillingAccount.parse(
        unwrap(await admin.rpc("get_billing_account", { auth_user_id, is_buying })),
      ),
    linkCustomer: async (profile_id, customer_id) =>
      unwrap(await admin.rpc("link_stripe_customer", { profile_id, customer_id })),
    findOrganization: async (auth_user_id) =>
      OrganizationAccount.parse(
        unwrap(await admin.rpc("get_organization_billing", { auth_user_id })),
      ),
    linkOrganizationCustomer: async (organization_id, customer_id) =>
      unwrap(await admin.rpc("link_organization_customer", { organization_id, customer_id })),
  };
}
