import { Hono } from "hono";
import * as z from "zod";
import { closeDispute, submitEvidence } from "./dispute.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import {
  Count,
  Expand,
  Flag,
  isWithin,
  LIST_PARAMS,
  mergeMetadata,
  MetadataParam,
  Text,
  TimeFilter,
} from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import { createRefund } from "./refund.ts";
import type { EmulatorState } from "../state.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";

const ListParams = z.strictObject({
  ...LIST_PARAMS,
  charge: Text.optional(),
  created: TimeFilter.optional(),
  payment_intent: Text.optional(),
});

const RefundParams = z.strictObject({
  amount: Count.pipe(z.number().min(1)).optional(),
  charge: Text.optional(),
  metadata: MetadataParam.optional(),
  payment_intent: Text.optional(),
  reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).optional(),
  expand: Expand,
});

const EvidenceParams = z.strictObject({
  evidence: z.strictObject({ uncategorized_text: Text }).optional(),
  submit: Flag.default(true),
  expand: Expand,
});
const CloseParams = z.strictObject({ expand: Expand });

/** Returns the routes of `/v1/refunds`. */
export function refundsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const { expand, metadata, ...params } = parseInput(c.var.params, RefundParams);
      return respondToWork(
        c,
        state,
        expand,
        (work) => createRefund(work, { ...params, metadata: mergeMetadata({}, metadata) }),
      );
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, ListParams);
      const refunds = [...state.objects.refund.values()];
      return respondPage(c, state, refunds.filter((refund) => isOf(refund, params)), params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "refund", c.req.param("id"))));
}

/** Returns the routes of `/v1/disputes`. */
export function disputesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, ListParams);
      const disputes = [...state.objects.dispute.values()];
      return respondPage(c, state, disputes.filter((dispute) => isOf(dispute, params)), params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "dispute", c.req.param("id"))))
    .post("/:id", (c) => {
      const { expand, evidence, submit } = parseInput(c.var.params, EvidenceParams);
      const id = c.req.param("id");
      return respondToWork(
        c,
        state,
        expand,
        (work) => submitEvidence(work, id, { text: evidence?.uncategorized_text, submit }),
      );
    })
    .post("/:id/close", (c) => {
      const { expand } = parseInput(c.var.params, CloseParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => closeDispute(work, id, "lost"));
    });
}

interface Reversal {
  created: number;
  charge: string | { id: string } | null;
  payment_intent: string | { id: string } | null;
}

function isOf(
  { created, charge, payment_intent }: Reversal,
  params: z.infer<typeof ListParams>,
): boolean {
  return isWithin(created, params.created) &&
    (params.charge ?? idOf(charge)) === idOf(charge) &&
    (params.payment_intent ?? idOf(payment_intent)) === idOf(payment_intent);
}
