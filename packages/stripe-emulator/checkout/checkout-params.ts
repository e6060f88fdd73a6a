import { z } from "zod";
import { Count, Expand, Flag, mergeMetadata, MetadataParam, Text } from "../http/param-schemas.ts";

const TrialSettings = z.strictObject({
  end_behavior: z.strictObject({
    missing_payment_method: z.enum(["cancel", "create_invoice", "pause"]),
  }),
});

const SubscriptionData = z.strictObject({
  description: Text.optional(),
  metadata: MetadataParam.optional(),
  trial_period_days: Count.pipe(z.number().min(1).max(730)).optional(),
  trial_settings: TrialSettings.optional(),
});

const InvoiceCreation = z.strictObject({
  enabled: Flag,
  invoice_data: z.strictObject({ metadata: MetadataParam.optional() }).optional(),
});

/** The parameters of a new checkout session (https://docs.stripe.com/api/checkout/sessions/create). */
export const CheckoutParams = z.strictObject({
  mode: z.enum(["payment", "subscription"]),
  line_items: z.array(z.strictObject({ price: Text, quantity: Count.default(1) })).min(1),
  success_url: Text,
  cancel_url: Text.optional(),
  customer: Text.optional(),
  customer_email: Text.optional(),
  customer_creation: z.enum(["always", "if_required"]).optional(),
  customer_update: z.record(z.string(), z.enum(["auto", "never"])).optional(),
  client_reference_id: Text.optional(),
  metadata: MetadataParam.optional(),
  subscription_data: SubscriptionData.optional(),
  payment_intent_data: z.strictObject({ metadata: MetadataParam.optional() }).optional(),
  invoice_creation: InvoiceCreation.optional(),
  payment_method_collection: z.enum(["always", "if_required"]).optional(),
  payment_method_types: z.array(Text).optional(),
  allow_promotion_codes: Flag.optional(),
  automatic_tax: z.strictObject({ enabled: Flag }).optional(),
  billing_address_collection: z.enum(["auto", "required"]).optional(),
  tax_id_collection: z.strictObject({ enabled: Flag }).optional(),
  locale: Text.optional(),
  ui_mode: z.literal("hosted_page").optional(),
  expires_at: Count.optional(),
  expand: Expand,
}).transform(({ success_url, cancel_url, customer, customer_email, ...params }) => ({
  ...params,
  /** The properties that the session shows. */
  fields: {
    success_url,
    cancel_url: cancel_url ?? null,
    customer: customer ?? null,
    customer_email: customer_email ?? null,
    client_reference_id: params.client_reference_id ?? null,
    metadata: mergeMetadata({}, params.metadata),
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    ...params.expires_at !== undefined && { expires_at: params.expires_at },
  },
}));
export type CheckoutParams = z.infer<typeof CheckoutParams>;
