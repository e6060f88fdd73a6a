import { formatAge } from "./format-age.ts";
import { findBillingProblems } from "./read-billing.ts";
import { type Health, NEAR_BUDGET } from "./read-health.ts";
import type { ScheduleState } from "./read-schedules.ts";

/** The values from which the report counts a problem. Ages are in seconds. */
const THRESHOLDS = {
  connectionsShare: 0.8,
  transactionAge: 15 * 60,
  cacheHitRatio: 0.9,
  /** With fewer blocks read, the hit ratio is not meaningful. */
  cacheBlocks: 1_000_000,
  /** A failed deletion is tried again within 6 hours. After a day, it has failed several times. */
  outboxAge: 24 * 60 * 60,
  /** Shorter than for other deletions, because Stripe may still charge such a customer. */
  customerAge: 60 * 60,
  scheduleLag: 5 * 60,
  /** A plan with 100,000 users needs a few minutes. */
  entitlementAge: 60 * 60,
} as const;

/** Lists the problems of a database, one sentence each. */
export function findProblems(health: Health): string[] {
  const { connections, cache, outbox, stuck_turns, stripe_events, stores } = health;
  const { misconfigured, late_lookouts, waiting_accounts, costs, entitlements, lacks_live_events } =
    health;
  const problems: [isWrong: boolean, sentence: string][] = [
    [
      connections.used >= connections.max * THRESHOLDS.connectionsShare,
      `${connections.used} of ${connections.max} connections are used`,
    ],
    [
      (connections.oldest_transaction ?? 0) > THRESHOLDS.transactionAge,
      `a transaction has been open for ${formatAge(connections.oldest_transaction)}`,
    ],
    [
      cache.blocks >= THRESHOLDS.cacheBlocks && (cache.hit_ratio ?? 1) < THRESHOLDS.cacheHitRatio,
      `only ${formatShare(cache.hit_ratio)} of reads hit the cache`,
    ],
    [
      (outbox.oldest ?? 0) > THRESHOLDS.outboxAge,
      `${outbox.waiting} remote deletions wait, the oldest for ${formatAge(outbox.oldest)}`,
    ],
    [
      (outbox.oldest_customer ?? 0) > THRESHOLDS.customerAge,
      `${outbox.customers} Stripe customers wait to be deleted and may be charged, the oldest for ${
        formatAge(outbox.oldest_customer)
      }`,
    ],
    [
      stuck_turns.count > 0,
      `${stuck_turns.count} turns are stuck, the oldest for ${formatAge(stuck_turns.oldest)}`,
    ],
    [
      misconfigured.replies > 0,
      `${misconfigured.replies} replies failed in the last hour because OpenAI rejected a setting: check ` +
      "OPENAI_API_KEY, the billing of its project, and assistants.model of " +
      `${
        misconfigured.assistants.join(", ")
      }; the log line provider_misconfigured says what to change`,
    ],
    [
      late_lookouts.count > 0,
      `${late_lookouts.count} lookouts are late, the oldest by ${formatAge(late_lookouts.oldest)}`,
    ],
    [
      waiting_accounts.count > 0,
      `${waiting_accounts.count} accounts wait to be deleted, the oldest for ${
        formatAge(waiting_accounts.oldest)
      }`,
    ],
    [
      costs.budget !== null && costs.total >= costs.budget * NEAR_BUDGET,
      `the project has used ${formatCosts(costs)}, its budget for this month`,
    ],
    [
      entitlements.refused_credits > 0,
      `the credits of ${entitlements.refused_credits} invoice lines do not fit into the balance of their user, ` +
      `such as those of ${entitlements.refused_payment}: refund the payment at Stripe`,
    ],
    [
      entitlements.unknown_amounts > 0,
      `the amounts of ${entitlements.unknown_amounts} subscriptions are too large to be stored, such as that of ` +
      `${entitlements.unknown_subscription}: correct the quantity at Stripe`,
    ],
    [
      (entitlements.oldest ?? 0) > THRESHOLDS.entitlementAge,
      `${entitlements.waiting} changes of plans wait, the oldest for ${
        formatAge(entitlements.oldest)
      }: check the schedule refresh-entitlements`,
    ],
    [stripe_events.failed > 0, `${stripe_events.failed} Stripe events have failed`],
    [
      stripe_events.waiting > 0,
      `${stripe_events.waiting} Stripe events wait to be applied, the oldest for ${
        formatAge(stripe_events.oldest)
      }`,
    ],
    [
      lacks_live_events,
      "users cannot join the channels of live events: run `select private.allow_live_events();` as postgres",
    ],
    [(stores.failed ?? 0) > 0, `${stores.failed} vector stores have failed`],
  ];
  return [
    ...problems.filter(([isWrong]) => isWrong).map(([, sentence]) => sentence),
    ...findBillingProblems(health.billing),
    ...health.schedules.flatMap((schedule) =>
      findScheduleProblem(schedule, health.checked_at) ?? []
    ),
  ];
}

/** Formats the costs of a month, and the budget if there is one. */
export function formatCosts({ total, budget }: Health["costs"]): string {
  return budget === null
    ? formatDollars(total)
    : `${formatDollars(total)} of ${formatDollars(budget)}`;
}

function formatDollars(amount: number): string {
  return `$${amount.toFixed(2)}`;
}

/** Formats a share as a percentage. */
export function formatShare(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}

function findScheduleProblem(schedule: ScheduleState, now: Date): string | null {
  const { name, is_enabled, last_status, next_run_at, overdue_since } = schedule;
  if (!is_enabled) return null;
  if (next_run_at === null) return `schedule ${name} has a cron expression without a next time`;
  const lag = overdue_since === null ? 0 : (now.getTime() - overdue_since.getTime()) / 1000;
  if (lag > THRESHOLDS.scheduleLag) return `schedule ${name} is late by ${formatAge(lag)}`;
  if (last_status === null || last_status === "ok") return null;
  return `schedule ${name} ended with ${last_status}`;
}
