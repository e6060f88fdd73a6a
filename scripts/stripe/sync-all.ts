import type Stripe from "stripe";
import type { FindKnownProducts } from "../../functions/_shared/stripe/fetch-payments.ts";
import { fetchTargets } from "../../functions/stripe-webhook/fetch-target.ts";
import type { LeftoversPage } from "./find-leftovers.ts";
import type { StripeObject } from "../../functions/_shared/stripe/stripe-objects.ts";
import { type StepName, steps } from "./sync-steps.ts";

/** The position of a sync. It is plain JSON, so that it can be stored and a later run can continue. */
export interface SyncCursor {
  /** The first ticket of the sync. It has not written rows with a lower ticket. */
  firstTicket: number;
  /** The start of the period for invoices and checkouts, in Unix seconds. */
  since: number;
  step: StepName | "leftovers" | "done";
  after?: string;
}

/** The objects of one page, and the position after it. */
export interface SyncBatch {
  step: StepName | "leftovers";
  ticket: number;
  objects: StripeObject[];
  next: SyncCursor;
}

/** The operations that a sync needs. */
export interface SyncPorts {
  stripe: Stripe;
  drawTicket(): Promise<number>;
  /** Returns the PaymentIntents among `intentIds` that have been written since that ticket. */
  findWritten(firstTicket: number, intentIds: string[]): Promise<Set<string>>;
  findKnownProducts: FindKnownProducts;
  /** Finds a page of stored objects that no list contained. They may be deleted at Stripe. */
  findLeftovers(firstTicket: number, after: string | undefined): Promise<LeftoversPage>;
}

const order = Object.keys(steps).filter((name): name is StepName => name in steps);

/** Returns the position at which a new sync starts. */
export async function beginSync(
  { drawTicket }: SyncPorts,
  since: number,
): Promise<SyncCursor> {
  return { firstTicket: await drawTicket(), since, step: "products" };
}

/** Fetches everything from the cursor on, page by page. The caller must write each page before it asks for the next. */
export async function* fetchAll(ports: SyncPorts, begin: SyncCursor): AsyncGenerator<SyncBatch> {
  let cursor = begin;
  while (cursor.step !== "done") {
    const batch = cursor.step === "leftovers"
      ? await fetchLeftovers(ports, cursor)
      : await fetchPage(ports, cursor, cursor.step);
    yield batch;
    cursor = batch.next;
  }
}

async function fetchPage(
  { stripe, drawTicket, findWritten, findKnownProducts }: SyncPorts,
  cursor: SyncCursor,
  step: StepName,
): Promise<SyncBatch> {
  const ticket = await drawTicket();
  const start = {
    ...cursor,
    findKnownProducts,
    findWritten: (intentIds: string[]) => findWritten(cursor.firstTicket, intentIds),
  };
  const { objects, ids, hasMore } = await steps[step](stripe, start);
  const after = ids.at(-1);
  const next: SyncCursor = hasMore && after
    ? { ...cursor, after }
    : { ...cursor, after: undefined, step: order[order.indexOf(step) + 1] ?? "leftovers" };
  return { step, ticket, objects, next };
}

/** Fetches a page of leftovers by id. An object that Stripe does not find by id either counts as deleted. */
async function fetchLeftovers(
  { stripe, drawTicket, findLeftovers, findKnownProducts }: SyncPorts,
  cursor: SyncCursor,
): Promise<SyncBatch> {
  const { targets, next } = await findLeftovers(cursor.firstTicket, cursor.after);
  const ticket = await drawTicket();
  return {
    step: "leftovers",
    ticket,
    objects: await fetchTargets(stripe, targets, findKnownProducts),
    next: next === null
      ? { ...cursor, after: undefined, step: "done" }
      : { ...cursor, after: next },
  };
}

/** Names the steps that a sync has not completed, the first with its position. */
export function listRemaining({ step, after }: SyncCursor): string[] {
  const names = [...order, "leftovers"];
  const [current, ...others] = names.slice(names.indexOf(step));
  return current ? [after ? `${current} after ${after}` : current, ...others] : [];
}
