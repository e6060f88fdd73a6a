// `npm run db:sync-stripe [-- --dry-run]`: copies Stripe's state to the database, in case webhooks were lost. This
// covers the catalogue, customers, subscriptions, and the invoices and checkouts of the last 90 days. It says that both
// are equal only after a complete pass, and ends with 1 otherwise.
import { SingleBar } from "cli-progress";
import { createBillingDatabase } from "../functions/_shared/stripe/billing-database.ts";
import type { StripeObject } from "../functions/_shared/stripe/stripe-objects.ts";
import {
  beginSync,
  fetchAll,
  listRemaining,
  type SyncCursor,
  type SyncPorts,
} from "./stripe/sync-all.ts";
import { createSyncPorts, recentSince } from "./stripe/sync-ports.ts";
import { steps } from "./stripe/sync-steps.ts";
import { findAccess, type StripeAndDatabase } from "./stripe/find-access.ts";
import { listDifferences } from "./stripe/list-differences.ts";
import { openProgress, type SyncProgress } from "./stripe/sync-progress.ts";

const STEPS = Object.keys(steps).length + 1;

try {
  const access = await findAccess();
  await (process.argv.includes("--dry-run") ? compare(access) : sync(access));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

/**
 * Makes a complete pass, page by page, and only then says that the database is equal to Stripe. After an interruption,
 * the next run first writes the rest: what the earlier run has written may have changed at Stripe since.
 */
async function sync(access: StripeAndDatabase): Promise<void> {
  const ports = createSyncPorts(access.stripe, access.admin);
  const progress = openProgress(access.stateDir, access.settings);
  const resumed = await progress.load();
  if (resumed) {
    console.log(`Continuing with ${resumed.step}. A complete pass follows.`);
    await makePass(access, ports, progress, resumed);
  }
  const begin = await beginSync(ports, recentSince());
  const count = await makePass(access, ports, progress, begin);
  console.log(`${count} objects are as Stripe has them.`);
}

/** Writes everything from a position on, and saves the position after each page. Returns the number of objects. */
async function makePass(
  { admin }: StripeAndDatabase,
  ports: SyncPorts,
  progress: SyncProgress,
  begin: SyncCursor,
): Promise<number> {
  const db = createBillingDatabase(admin);
  const bar = openBar();
  let position = begin;
  let count = 0;
  try {
    for await (const batch of fetchAll(ports, begin)) {
      await db.apply(null, batch.ticket, batch.objects);
      position = batch.next;
      await progress.save(position);
      count += batch.objects.length;
      showStep(bar, batch, count);
    }
  } catch (cause) {
    bar.stop();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `The database is not yet equal to Stripe: ${reason}\n` +
        `Left: ${listRemaining(position).join(", ")}. Run the sync again to continue.`,
      { cause },
    );
  }
  bar.stop();
  await progress.clear();
  return count;
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
    findLeftovers: async (ticket, after) => {
      const { targets, next } = await ports.findLeftovers(ticket, after);
      return { targets: targets.filter(({ id }) => !seen.has(id)), next };
    },
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
