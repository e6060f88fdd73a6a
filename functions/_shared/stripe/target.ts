import * as z from "zod";

/** An object that an event is about, as the ledger of events stores it. */
export const Target = z.object({
  kind: z.enum([
    "product",
    "price",
    "customer",
    "subscription",
    "invoice",
    "payment_intent",
    "charge",
    "checkout",
  ]),
  id: z.string(),
  /** Set when the event says that the object was deleted; names the object's customer or product. */
  deleted: z.object({ customer: z.string().optional(), product: z.string().optional() }).optional(),
});
export type Target = z.infer<typeof Target>;
