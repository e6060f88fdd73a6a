// `npm run db:sync-stripe [-- --dry-run]`: copies Stripe's state to the database, in case webhooks were lost. This
// covers the catalogue, customers, subscriptions, and the invoices and checkouts of the last 90 days. An interrupted
// sync continues at the next start.
import { SingleBar } from "cli-progress";
import { createBillingDatabase } from "../functions/_shared/stripe/billing-database.ts";
import type { Target } from "../functions/_shared/stripe/target.ts";
import type { StripeObject } from "../functions/_shared/stripe/stripe-objects.ts";
import { beginSync, fetchAll, type SyncPorts } from "./stripe/sync-all.ts";
import { createSyncPorts, recentSince } from "./stripe/sync-ports.ts";
import { steps } from "./stripe/sync-steps.ts";
import { findAccess, type StripeAndDatabase } from "./stripe/find-access.ts";
import { listDifferences } from "./stripe/list-differences.ts";
import { openProgress } from "./stripe/sync-progress.ts";

const STEPS = Object.keys(steps).length + 1;

try {
  const access = await findAccess();
  await (process.argv.includes("--dry-run") ? compare(access) : sync(access));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/** Writes page by page and saves its progress after each page, so that a second run can continue. */
async function sync({ stripe, admin, projectUrl, stateDir }: StripeAndDatabase): Promise<void> {
  const ports = createSyncPorts(stripe, admin);
  const db = createBillingDatabase(admin);
  const progress = openProgress(stateDir, projectUrl);
  const resumed = await progress.load();
  if (resumed) console.log(`Continuing with ${resumed.step}.`);
  const bar = openBar();
  let count = 0;
  for await (const batch of fetchAll(ports, resumed ?? await beginSync(ports, recentSince()))) {
    await db.apply(null, batch.ticket, batch.objects);
    await progress.save(batch.next);
    count += batch.objects.length;
    showStep(bar, batch, count);
  }
  await progress.clear();
  bar.stop();
  console.log(`${count} objects are up to date with Stripe.`);
}

/** Prints the changes that a sync would make, and writes nothing. */
async function compare({ stripe, admin }: StripeAndDatabase): Promise<void> {
  const seen = new Set<string>();
  const ports = withoutWrites(createSyncPorts(stripe, admin), seen);
  const bar = openBar();
  const differences: string[] = [];
  let count = 0;
  for await (const batch of fetchAll(ports, await beginSync(ports, recentSince()))) {
    differences.push(...await listDifferences(admin, batch.objects));
    for (const object of batch.objects) seen.add(keyOf(object));
    count += batch.objects.length;
    showStep(bar, batch, count);
  }
  bar.stop();
  for (const line of differences) console.log(line);
  console.log(`${count} objects at Stripe, ${differences.length} differences.`);
}

/** Replaces the queries for written rows: a sync that writes nothing keeps a list of the objects that it has seen. */
function withoutWrites(ports: SyncPorts, seen: Set<string>): SyncPorts {
  return {
    ...ports,
    findWritten: (_ticket, ids) => Promise.resolve(new Set(ids.filter((id) => seen.has(id)))),
    findLeftovers: async (ticket) =>
      (await ports.findLeftovers(ticket)).filter(({ id }: Target) => !seen.has(id)),
  };
}

function keyOf({ kind, fields }: StripeObject): string {
  if (kind === "subscription") return fields.stripe_subscription_id;
  if (kind === "payment") return fields.stripe_payment_intent_id ?? "";
  return fields.id;
}

function openBar(): SingleBar {
  const bar = new SingleBar({ format: "{bar} {step}, {count} objects", clearOnComplete: true });
  bar.start(STEPS, 0, { step: "products", count: 0 });
  return bar;
}

function showStep(
  bar: SingleBar,
  { step, next }: { step: string; next: { step: string } },
  count: number,
): void {
  const names = [...Object.keys(steps), "leftovers", "done"];
  bar.update(names.indexOf(next.step), { step, count });
}
