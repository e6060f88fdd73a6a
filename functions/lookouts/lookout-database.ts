import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import type { LookoutReply, LookoutRequest, LookoutRunReply } from "../../types/api.ts";
import type { Database, Json } from "../../types/database.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { StoredSchedule } from "./build-schedule.ts";

/** A run that is the caller's to execute until its lease runs out. */
export interface ClaimedRun extends Pick<StoredSchedule, "cron_schedule" | "timezone"> {
  run_id: string;
  lookout_id: string;
  scheduled_at: string;
}

/** What is written of a lookout. */
export type LookoutFields =
  & Pick<LookoutRequest, "title" | "prompt" | "assistant_slug">
  & StoredSchedule
  & { next_run_at: string };

/** What changes of a lookout. */
export type LookoutEdit = Partial<LookoutFields> & { status?: "active" | "paused" | "archived" };

/** How a run ended that began no turn. */
export interface RunOutcome {
  status: "failed" | "skipped";
  code: string;
  message: string;
}

/** The database as lookouts see it; each method is one call, and throws the refusal of the database. */
export interface LookoutDatabase {
  create(authUserId: string, fields: LookoutFields): Promise<LookoutReply>;
  /** Null when the schedule is not the one that `seen` shows any more. */
  update(
    authUserId: string,
    seen: LookoutReply,
    edit: LookoutEdit,
  ): Promise<LookoutReply | null>;
  remove(lookoutId: string): Promise<void>;
  /** A run beside the schedule, claimed. */
  runNow(authUserId: string, lookoutId: string): Promise<LookoutRunReply>;
  claimDue(limit: number): Promise<ClaimedRun[]>;
  countDue(): Promise<number>;
  /** Null when the turn of the run has begun before, or the run is gone. */
  start(runId: string): Promise<StartedTurn | null>;
  /** The run as it ended, `running` while its reply is generated elsewhere; null when it is gone. */
  settle(
    runId: string,
    nextRunAt: Date | null,
    outcome?: RunOutcome,
  ): Promise<LookoutRunReply | null>;
  /** False when the run has waited long enough. */
  defer(runId: string, until: string): Promise<boolean>;
  findRun(runId: string): Promise<LookoutRunReply | null>;
}

/** The lookout functions of the database, called with the secret key. */
export function createLookoutDatabase(admin: SupabaseClient<Database>): LookoutDatabase {
  return {
    create: async (auth_user_id, fields) =>
      unwrap(await admin.rpc("create_lookout", { auth_user_id, ...fields })),
    update: async (auth_user_id, seen, edit) =>
      rowOrNull(unwrap(
        await admin.rpc("update_lookout", {
          auth_user_id,
          lookout_id: seen.id,
          seen: describeSchedule(seen),
          changes: { ...edit },
        }),
      )),
    remove: async (id) => void unwrap(await admin.from("lookouts").delete().eq("id", id)),
    runNow: async (auth_user_id, lookout_id) =>
      unwrap(await admin.rpc("run_lookout_now", { auth_user_id, lookout_id })),
    claimDue: async (max_count) => unwrap(await admin.rpc("claim_due_lookouts", { max_count })),
    countDue: async () => unwrap(await admin.rpc("count_due_lookouts")),
    start: async (run_id) =>
      z.nullable(StartedTurn).parse(unwrap(await admin.rpc("start_lookout_run", { run_id }))),
    settle: async (run_id, nextRunAt, outcome) =>
      rowOrNull(unwrap(
        await admin.rpc("settle_lookout_run", {
          run_id,
          next_run_at: nextRunAt?.toISOString(),
          outcome: outcome && { ...outcome },
        }),
      )),
    defer: async (run_id, until) => unwrap(await admin.rpc("defer_lookout_run", { run_id, until })),
    findRun: async (id) =>
      unwrap(await admin.from("lookout_runs").select().eq("id", id).maybeSingle()),
  };
}

/** What the next run is computed from, in the words of `update_lookout`. */
function describeSchedule({ frequency, cron_schedule, timezone, next_run_at }: LookoutReply): Json {
  return { frequency, cron_schedule, timezone, is_off: next_run_at === null };
}

/** PostgREST writes a row that is null as a row of nulls. */
function rowOrNull<Row extends { id: string }>(row: Row | null): Row | null {
  return row?.id ? row : null;
}
