import type Stripe from "stripe";
import type { Target } from "../../functions/stripe-webhook/event-targets.ts";
import { fetchTargets } from "../../functions/stripe-webhook/fetch-target.ts";
import { retryLimited } from "./retry-limited.ts";
import type { StripeObject } from "../../functions/_shared/stripe/stripe-objects.ts";
import { type StepName, steps } from "./sync-steps.ts";

/** How far a sync has come; plain JSON, so that it can be kept and gone on with. */
export interface SyncCursor {
  /** The first ticket of the sync: rows with a lower one have not been seen by it. */
  firstTicket: number;
  /** Invoices and checkouts from then on, in seconds. */
  since: number;
  step: StepName | "leftovers" | "done";
  after?: string;
}

/** What was fetched at once, and where to go on after it is written. */
export interface SyncBatch {
  step: StepName | "leftovers";
  ticket: number;
  objects: StripeObject[];
  next: SyncCursor;
}

/** What a sync needs of the world. */
export interface SyncPorts {
  stripe: Stripe;
  drawTicket(): Promise<number>;
  /** Which of these PaymentIntents have been written since that ticket. */
  findWritten(firstTicket: number, intentIds: string[]): Promise<Set<string>>;
  /** Objects that we hold and no list has shown: deleted at Stripe, perhaps. */
  findLeftovers(firstTicket: number): Promise<Target[]>;
}

const order = Object.keys(steps).filter((name): name is StepName => name in steps);

/** Where a sync begins. */
export async function beginSync(
  { drawTicket }: SyncPorts,
  since: number,
): Promise<SyncCursor> {
  return { firstTicket: await drawTicket(), since, step: "products" };
}

/** Fetches everything from the cursor on, a page at a time. What is yielded is to be written before the next page. */
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
  { stripe, drawTicket, findWritten }: SyncPorts,
  cursor: SyncCursor,
  step: StepName,
): Promise<SyncBatch> {
  const ticket = await drawTicket();
  const start = {
    ...cursor,
    findWritten: (intentIds: string[]) => findWritten(cursor.firstTicket, intentIds),
  };
  const { objects, ids, hasMore } = await retryLimited(() => steps[step](stripe, start));
  const after = ids.at(-1);
  const next: SyncCursor = hasMore && after
    ? { ...cursor, after }
    : { ...cursor, after: undefined, step: order[order.indexOf(step) + 1] ?? "leftovers" };
  return { step, ticket, objects, next };
}

/** What a whole list lacks and Stripe does not know by its id either, is deleted. */
async function fetchLeftovers(
  { stripe, drawTicket, findLeftovers }: SyncPorts,
  cursor: SyncCursor,
): Promise<SyncBatch> {
  const targets = await findLeftovers(cursor.firstTicket);
  const ticket = await drawTicket();
  const objects: StripeObject[] = [];
  for (const target of targets) {
    objects.push(...await retryLimited(() => fetchTargets(stripe, [target])));
  }
  return { step: "leftovers", ticket, objects, next: { ...cursor, step: "done" } };
}
