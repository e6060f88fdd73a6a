// The routes that schedules call.
import {
  CleanupReply,
  DeletionsReply,
  EventsReply,
  IndexingReply,
  LookoutsReply,
  RecoveryReply,
} from "./api.ts";
import type { Route } from "./route.ts";

export const scheduledRoutes: Route[] = [
  {
    method: "POST",
    path: "/lookouts/run",
    auth: "secret",
    summary: "Starts the lookouts that are due. A schedule calls it every minute.",
    replies: [{ status: 200, meaning: "What became of the runs.", schema: LookoutsReply }],
    errors: [],
  },
  {
    method: "POST",
    path: "/turn-recovery",
    auth: "secret",
    summary: "Settles turns whose function has died. A schedule calls it every minute.",
    replies: [{ status: 200, meaning: "What became of the turns.", schema: RecoveryReply }],
    errors: [],
  },
  {
    method: "POST",
    path: "/vector-store-cleanup",
    auth: "secret",
    summary:
      "Expires vector stores and deletes remote objects. A schedule calls it every 15 minutes.",
    replies: [{ status: 200, meaning: "What was deleted.", schema: CleanupReply }],
    errors: [],
  },
  {
    method: "POST",
    path: "/vector-store-cleanup/deletions",
    auth: "secret",
    summary: "Deletes objects of the outbox. A schedule calls it every minute.",
    replies: [{ status: 200, meaning: "What was deleted.", schema: DeletionsReply }],
    errors: [],
  },
  {
    method: "POST",
    path: "/vector-store-cleanup/files",
    auth: "secret",
    summary:
      "Continues files whose next attempt is due at the AI provider. A schedule calls it every minute.",
    replies: [{ status: 200, meaning: "How many files were continued.", schema: IndexingReply }],
    errors: [],
  },
  {
    method: "POST",
    path: "/stripe-webhook/events",
    auth: "secret",
    summary: "Applies the events of Stripe that wait. A schedule calls it every minute.",
    replies: [{ status: 200, meaning: "What became of the events.", schema: EventsReply }],
    errors: [],
  },
];
