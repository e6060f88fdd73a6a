import type Stripe from "stripe";
import * as z from "zod";
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

const AdjustableQuantity = z.strictObject({
  enabled: Flag,
  minimum: Count.optional(),
  maximum: Count.pipe(z.number().max(999_999)).default(99),
});

const CustomFieldParam = z.strictObject({
  key: Text.regex(/^[a-zA-Z0-9]{1,200}$/),
  label: z.strictObject({ type: z.literal("custom"), custom: Text.max(50) }),
  type: z.enum(["text", "numeric"]),
  optional: Flag.default(false),
});

/** The parameters of a new checkout session (https://docs.stripe.com/api/checkout/sessions/create). */
export const CheckoutParams = z.strictObject({
  mode: z.enum(["payment", "subscription"]),
  line_items: z.array(z.strictObject({
    price: Text,
    quantity: Count.default(1),
    adjustable_quantity: AdjustableQuantity.optional(),
  })).min(1),
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
  custom_fields: z.array(CustomFieldParam).max(3).default([]),
  discounts: z.array(z.strictObject({ coupon: Text.optional(), promotion_code: Text.optional() }))
    .max(1).optional(),
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
    billing_address_collection: params.billing_address_collection ?? null,
    custom_fields: params.custom_fields.map(showField),
    ...params.payment_method_collection && {
      payment_method_collection: params.payment_method_collection,
    },
    ...params.automatic_tax?.enabled && {
      automatic_tax: {
        enabled: true,
        liability: { type: "self" },
        provider: "stripe",
        status: "requires_location_inputs",
      },
    },
    ...params.expires_at !== undefined && { expires_at: params.expires_at },
  },
}));
export type CheckoutParams = z.infer<typeof CheckoutParams>;

function showField(
  { key, label, optional, type }: z.infer<typeof CustomFieldParam>,
): Stripe.Checkout.Session.CustomField {
  const empty = { default_value: null, maximum_length: null, minimum_length: null, value: null };
  return { key, label, optional, type, [type]: empty };
}
