import { formatAge } from "./format-age.ts";
import { formatCosts, formatShare } from "./find-problems.ts";
import { formatTable } from "./format-table.ts";
import { type Health, NEAR_BUDGET } from "./read-health.ts";

/** Formats the health of a database as a report. The problems come last, where a terminal shows them. */
export function formatHealth(health: Health, problems: string[]): string {
  return [
    section("Release", health.release),
    section("Connections", describeConnections(health)),
    section("Cache", `${formatShare(health.cache.hit_ratio)} of reads hit`),
    section("Largest tables", formatTable(health.tables.map(describeTable))),
    section("Indexes never used", formatTable(health.unused_indexes.map(describeIndex))),
    section("Work", describeWork(health)),
    section(
      "Schedules",
      formatTable(health.schedules.map((schedule) => describeSchedule(schedule, health))),
    ),
    section("Deleted by retention since yesterday", formatTable(describePurges(health))),
    section(problems.length > 0 ? "Wrong" : "Nothing is wrong", problems.join("\n")),
  ].join("\n\n");
}

function section(title: string, text: string): string {
  return text === "" ? title : `${title}\n${text.replace(/^/gm, "  ")}`;
}

function describeConnections({ connections }: Health): string {
  const { used, max, active, idle_in_transaction, oldest_transaction } = connections;
  return `${used} of ${max}, ${active} active, ${idle_in_transaction} idle in a transaction` +
    ` (oldest transaction ${formatAge(oldest_transaction)})`;
}

function describeTable(table: Health["tables"][number]) {
  const reads = table.sequential_scans + table.index_scans;
  return {
    table: table.name,
    size: formatBytes(table.bytes),
    rows: table.rows,
    "dead rows": table.dead_rows,
    "by index": formatShare(reads === 0 ? null : table.index_scans / reads),
  };
}

function describeIndex(index: Health["unused_indexes"][number]) {
  return { index: index.name, table: index.table, size: formatBytes(index.bytes) };
}

function describeWork(health: Health): string {
  const { outbox, stuck_turns, misconfigured, stripe_events, stores } = health;
  const { late_lookouts, waiting_accounts, costs, entitlements } = health;
  const byStatus = Object.entries(stores).map(([status, count]) => `${count} ${status}`);
  return [
    `remote deletions waiting: ${outbox.waiting} (oldest ${formatAge(outbox.oldest)})`,
    `Stripe customers to be deleted: ${outbox.customers} (oldest ${
      formatAge(outbox.oldest_customer)
    })`,
    `stuck turns: ${stuck_turns.count} (oldest ${formatAge(stuck_turns.oldest)})`,
    `replies failed by a rejected setting: ${misconfigured.replies}`,
    `late lookouts: ${late_lookouts.count} (oldest ${formatAge(late_lookouts.oldest)})`,
    `accounts to delete: ${waiting_accounts.count} (oldest ${formatAge(waiting_accounts.oldest)})`,
    `cost of this month: ${formatCosts(costs)}`,
    `users with ${NEAR_BUDGET * 100} % of their budget used: ${costs.users_near_budget}`,
    `changes of plans waiting: ${entitlements.waiting} (oldest ${formatAge(entitlements.oldest)})`,
    `Stripe events failed: ${stripe_events.failed}, waiting for a minute: ${stripe_events.waiting}`,
    `vector stores: ${byStatus.join(", ") || "–"}`,
  ].join("\n");
}

function describeSchedule(schedule: Health["schedules"][number], { checked_at }: Health) {
  const age = (time: Date | null) =>
    time && formatAge((checked_at.getTime() - time.getTime()) / 1000);
  return {
    schedule: schedule.name,
    "last run": age(schedule.last_run_at) ?? "never",
    result: schedule.last_status,
    late: age(schedule.overdue_since),
  };
}

function describePurges({ purges }: Health) {
  return Object.entries(purges).map(([kind, rows]) => ({ kind, rows }));
}

/** Formats a size in the units of `pg_size_pretty`. */
function formatBytes(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), units.length - 1);
  return `${Math.round(bytes / 1024 ** power)} ${units[power]}`;
}
