import type { EventsReply } from "../../types/api.ts";
import { describeError } from "../_shared/http/log.ts";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import type { PayersClaim } from "../_shared/stripe/billing-database.ts";
import type { Target } from "../_shared/stripe/target.ts";
import { collectObjects, fetchEach, type FetchedTargets } from "./fetch-target.ts";
import { rememberProducts } from "./remember-products.ts";
import { endFailed, type WebhookPorts } from "./process-event.ts";

/** The payers of one claim. With their limit of requests, they take a part of the lease of a minute. */
const PAYERS = 24;
const PAYERS_AT_ONCE = 8;
/** After this time a worker claims nothing more, in milliseconds. The schedule waits for 90 seconds. */
const LONGEST_MS = 60_000;

type WaitingEvent = PayersClaim["payers"][number]["events"][number];

/**
 * Applies the events that wait, payer by payer: names the objects of all events of a payer, fetches each once, and
 * stores them under one ticket. The events of a worker that dies wait for the end of its lease.
 */
export async function applyWaitingEvents({ db, ...others }: WebhookPorts): Promise<EventsReply> {
  const findKnownProducts = rememberProducts(db.findKnownProducts);
  const ports: WebhookPorts = { ...others, db: { ...db, findKnownProducts } };
  const report: EventsReply = { applied: 0, failed: 0 };
  const end = Date.now() + LONGEST_MS;
  while (Date.now() < end) {
    const { ticket, payers } = await ports.db.claimPayers(PAYERS);
    if (ticket === null) break;
    await mapAtOnce(payers, PAYERS_AT_ONCE, async ({ events }) => {
      const failed = await applyTogether(ports, ticket, events);
      report.failed += failed;
      report.applied += events.length - failed;
    });
  }
  if (report.applied + report.failed > 0) ports.log.info("events_applied", { ...report });
  return report;
}

/** Applies the events of a payer. An event whose objects cannot be fetched fails alone. Returns how many failed. */
async function applyTogether(
  ports: WebhookPorts,
  ticket: number,
  claimed: WaitingEvent[],
): Promise<number> {
  const { stripe, db } = ports;
  const events = shareTargets(claimed);
  const targets = [...new Set(events.flatMap((event) => event.targets))];
  const fetched = await fetchEach(stripe, targets, db.findKnownProducts);
  const ready: WaitingEvent[] = [];
  let failed = 0;
  for (const event of events) {
    const error = findFailure(fetched, event);
    if (error === undefined) ready.push(event);
    else if (await endFailed(ports, event, error) === "failed") failed += 1;
  }
  return failed + (ready.length > 0 ? await apply(ports, ticket, fetched, ready) : 0);
}

/** Gives equal targets of all events one identity. If one event says that the object was deleted, it holds for all. */
function shareTargets(events: WaitingEvent[]): WaitingEvent[] {
  const shared = new Map<string, Target>();
  const keyOf = ({ kind, id }: Target) => `${kind} ${id}`;
  for (const target of events.flatMap((event) => event.targets)) {
    if (target.deleted || !shared.has(keyOf(target))) shared.set(keyOf(target), target);
  }
  return events.map(({ id, targets }) => ({
    id,
    targets: targets.map((target) => shared.get(keyOf(target)) ?? target),
  }));
}

function findFailure(fetched: FetchedTargets, { targets }: WaitingEvent): unknown {
  for (const target of targets) {
    const result = fetched.get(target);
    if (result?.status === "rejected") return result.reason ?? new Error("unknown");
  }
  return undefined;
}

/** Stores the objects of events in one transaction; if it fails, those of each event alone. Returns how many failed. */
async function apply(
  ports: WebhookPorts,
  ticket: number,
  fetched: FetchedTargets,
  events: WaitingEvent[],
): Promise<number> {
  const ids = events.map(({ id }) => id);
  const targets = [...new Set(events.flatMap((event) => event.targets))];
  try {
    await ports.db.applyEvents(ids, ticket, collectObjects(fetched, targets));
    return 0;
  } catch (error) {
    const [event, ...others] = events;
    if (!event) return 0;
    if (others.length === 0) {
      return await endFailed(ports, event, error) === "failed" ? 1 : 0;
    }
    ports.log.warn("events_applied_alone", { count: events.length, ...describeError(error) });
  }
  let failed = 0;
  for (const event of events) failed += await apply(ports, ticket, fetched, [event]);
  return failed;
}
