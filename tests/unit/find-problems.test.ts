import { expect, test } from "vitest";
import { findProblems } from "../../scripts/operations/find-problems.ts";
import type { Health } from "../../scripts/operations/read-health.ts";

const NOW = new Date("2026-03-08T09:10:00Z");
const HOUR = 3600;

const WELL: Health = {
  release: "0.1.0",
  checked_at: NOW,
  connections: { used: 79, max: 100, active: 1, idle_in_transaction: 0, oldest_transaction: 900 },
  cache: { hit_ratio: 0.9, blocks: 5_000_000 },
  tables: [],
  unused_indexes: [{ name: "some_idx", table: "some", bytes: 8192 }],
  outbox: { waiting: 3, oldest: 24 * HOUR, customers: 2, oldest_customer: HOUR },
  stuck_turns: { count: 0, oldest: null },
  misconfigured: { replies: 0, assistants: [] },
  late_lookouts: { count: 0, oldest: null },
  waiting_accounts: { count: 0, oldest: null },
  costs: { total: 7.99, budget: 10, users_near_budget: 3 },
  entitlements: {
    refused_credits: 0,
    refused_payment: null,
    unknown_amounts: 0,
    unknown_subscription: null,
    waiting: 0,
    oldest: null,
  },
  stripe_events: { failed: 0, waiting: 0, oldest: null },
  billing: {
    catalogue: [],
    double_plans: [],
    unowned_plans: [],
    misconfigured: [],
    events: { dropped: 2, processed: 2 },
  },
  lacks_live_events: false,
  stores: { active: 2, expired: 1 },
  schedules: [scheduled({ overdue_since: new Date("2026-03-08T09:05:00Z") })],
  purges: { user_activity: 5 },
};

function scheduled(change: Partial<Health["schedules"][number]>): Health["schedules"][number] {
  return {
    name: "nightly",
    cron: "0 3 * * *",
    target: "private.tick()",
    is_enabled: true,
    last_run_at: null,
    last_status: null,
    next_run_at: new Date("2026-03-09T03:00:00Z"),
    overdue_since: null,
    ...change,
  };
}

test("values up to every threshold are no problem", () => {
  expect(findProblems(WELL)).toEqual([]);
});

test("an empty database has no problem", () => {
  const none = {
    outbox: { waiting: 0, oldest: null, customers: 0, oldest_customer: null },
    stores: {},
    schedules: [],
  };
  expect(findProblems({ ...WELL, ...none })).toEqual([]);
});

test("costs without a budget are no problem", () => {
  const costs = { total: 1000, budget: null, users_near_budget: 0 };
  expect(findProblems({ ...WELL, costs })).toEqual([]);
});

test("the cache of a small database is no problem", () => {
  expect(findProblems({ ...WELL, cache: { hit_ratio: 0.5, blocks: 1000 } })).toEqual([]);
});

const beyond: [change: Partial<Health>, problem: string][] = [
  [{ connections: { ...WELL.connections, used: 80 } }, "80 of 100 connections are used"],
  [
    { connections: { ...WELL.connections, oldest_transaction: 901 } },
    "a transaction has been open for 15 min",
  ],
  [{ cache: { hit_ratio: 0.899, blocks: 5_000_000 } }, "only 89.9 % of reads hit the cache"],
  [
    { outbox: { waiting: 3, oldest: 49 * HOUR, customers: 0, oldest_customer: null } },
    "3 remote deletions wait, the oldest for 2 d",
  ],
  [
    { outbox: { waiting: 0, oldest: null, customers: 2, oldest_customer: HOUR + 1 } },
    "2 Stripe customers wait to be deleted and may be charged, the oldest for 1 h",
  ],
  [
    { stuck_turns: { count: 2, oldest: 2 * HOUR } },
    "2 turns are stuck, the oldest for 2 h",
  ],
  [
    { misconfigured: { replies: 4, assistants: ["coach", "writer"] } },
    "4 replies failed in the last hour because OpenAI rejected a setting: check OPENAI_API_KEY, the billing of its " +
    "project, and assistants.model of coach, writer; the log line provider_misconfigured says what to change",
  ],
  [{ late_lookouts: { count: 3, oldest: HOUR } }, "3 lookouts are late, the oldest by 1 h"],
  [
    { waiting_accounts: { count: 1, oldest: 2 * HOUR } },
    "1 accounts wait to be deleted, the oldest for 2 h",
  ],
  [
    { costs: { total: 8, budget: 10, users_near_budget: 0 } },
    "the project has used $8.00 of $10.00, its budget for this month",
  ],
  [
    { entitlements: { ...WELL.entitlements, refused_credits: 2, refused_payment: "in_1" } },
    "the credits of 2 invoice lines do not fit into the balance of their user, such as those of in_1: refund the " +
    "payment at Stripe",
  ],
  [
    { entitlements: { ...WELL.entitlements, unknown_amounts: 1, unknown_subscription: "sub_1" } },
    "the amounts of 1 subscriptions are too large to be stored, such as that of sub_1: correct the quantity at Stripe",
  ],
  [
    { entitlements: { ...WELL.entitlements, waiting: 3, oldest: HOUR + 1 } },
    "3 changes of plans wait, the oldest for 1 h: check the schedule refresh-entitlements",
  ],
  [{ stripe_events: { failed: 1, waiting: 0, oldest: null } }, "1 Stripe events have failed"],
  [
    { stripe_events: { failed: 0, waiting: 2, oldest: 90 } },
    "2 Stripe events wait to be applied, the oldest for 1 min",
  ],
  [
    {
      billing: {
        ...WELL.billing,
        catalogue: [{
          product_id: "prod_1",
          price_id: null,
          name: "Gold",
          key: "plan",
          value: "gold",
        }],
      },
    },
    'the product Gold (prod_1) is not sold: its metadata plan cannot be "gold"',
  ],
  [
    {
      billing: { ...WELL.billing, double_plans: [{ user_id: "u", subscription_ids: ["a", "b"] }] },
    },
    "the user u pays for more than one plan: cancel all but one of a, b at Stripe",
  ],
  [
    { billing: { ...WELL.billing, unowned_plans: ["sub_1"] } },
    "the subscription sub_1 charges, but its customer belongs to nobody here, so it gives no plan: cancel and refund " +
    "it at Stripe",
  ],
  [
    { billing: { ...WELL.billing, misconfigured: [{ cause: "key_rejected", fix: "Set it." }] } },
    "Stripe rejects the settings of this service (key_rejected). Set it.",
  ],
  [
    { billing: { ...WELL.billing, events: { dropped: 3, processed: 2 } } },
    "Stripe did not have the objects of 3 events: check that STRIPE_SECRET_KEY and the webhook endpoint belong to " +
    "the same account",
  ],
  [{ stores: { active: 2, failed: 4 } }, "4 vector stores have failed"],
  [
    { schedules: [scheduled({ overdue_since: new Date("2026-03-08T09:04:59Z") })] },
    "schedule nightly is late by 5 min",
  ],
  [{ schedules: [scheduled({ last_status: "503" })] }, "schedule nightly ended with 503"],
  [
    { schedules: [scheduled({ next_run_at: null })] },
    "schedule nightly has a cron expression without a next time",
  ],
  [
    { lacks_live_events: true },
    "users cannot join the channels of live events: run `select private.allow_live_events();` as postgres",
  ],
];

test.each(beyond)("%j is a problem", (change, problem) => {
  expect(findProblems({ ...WELL, ...change })).toEqual([problem]);
});

test("a disabled schedule is never a problem", () => {
  const off = scheduled({ is_enabled: false, last_status: "503", next_run_at: null });
  expect(findProblems({ ...WELL, schedules: [off] })).toEqual([]);
});
