import type { SupabaseClient } from "@supabase/supabase-js";
import * as z from "zod";
import type { LookoutReply, LookoutRequest, LookoutRunReply } from "../../types/api.ts";
import type { Database, Json } from "../../types/database.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { StoredSchedule } from "./build-schedule.ts";

/** A run that one function has claimed. Only that function executes it until the lease ends. */
export interface ClaimedRun extends Pick<StoredSchedule, "cron_schedule" | "timezone"> {
  run_id: string;
  lookout_id: string;
  scheduled_at: string;
}

/** The fields of a new lookout. */
export type LookoutFields =
  & Pick<LookoutRequest, "title" | "prompt" | "assistant_slug">
  & StoredSchedule
  & { next_run_at: string };

/** The fields of a lookout that change. */
export type LookoutEdit = Partial<LookoutFields> & { status?: "active" | "paused" | "archived" };

/** The end of a run that began no turn. */
export interface RunOutcome {
  status: "failed" | "skipped";
  code: string;
  message: string;
}

/** The database calls of lookouts. Each method is one call and throws the refusal of the database. */
export interface LookoutDatabase {
  create(authUserId: string, fields: LookoutFields): Promise<LookoutReply>;
  /** Changes a lookout. Returns null when its schedule is no longer the one in `seen`. */
  update(
    authUserId: string,
    seen: LookoutReply,
    edit: LookoutEdit,
  ): Promise<LookoutReply | null>;
  /** Deletes a lookout and returns the id of the profile. */
  remove(authUserId: string, lookoutId: string): Promise<string>;
  /** Creates and claims a run beside the schedule. */
  runNow(authUserId: string, lookoutId: string): Promise<LookoutRunReply>;
  claimDue(limit: number): Promise<ClaimedRun[]>;
  /**
   * Charges a run and opens its turn. The end of the turn ends the run and sets the next time of the lookout. Returns
   * null when the turn was already opened, or the run no longer exists.
   */
  start(runId: string, nextRunAt: Date | null): Promise<StartedTurn | null>;
  /** Settles a run and returns it: `running` while OpenAI writes its reply; null when it no longer exists. */
  settle(
    runId: string,
    nextRunAt: Date | null,
    outcome?: RunOutcome,
  ): Promise<LookoutRunReply | null>;
  /** Lets a run wait until a time. Returns false when it has already waited for an hour. */
  defer(runId: string, until: string): Promise<boolean>;
  findRun(runId: string): Promise<LookoutRunReply | null>;
}

/** Creates the database calls of lookouts from a client with the secret key. */
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
    remove: async (auth_user_id, lookout_id) =>
      unwrap(await admin.rpc("delete_lookout", { auth_user_id, lookout_id })),
    runNow: async (auth_user_id, lookout_id) =>
      unwrap(await admin.rpc("run_lookout_now", { auth_user_id, lookout_id })),
    claimDue: async (max_count) => unwrap(await admin.rpc("claim_due_lookouts", { max_count })),
    start: async (run_id, nextRunAt) =>
      z.nullable(StartedTurn).parse(
        unwrap(
          await admin.rpc("start_lookout_run", { run_id, next_run_at: nextRunAt?.toISOString() }),
        ),
      ),
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

/** Returns the fields that the next run is computed from, as `update_lookout` names them. */
function describeSchedule({ frequency, cron_schedule, timezone, next_run_at }: LookoutReply): Json {
  return { frequency, cron_schedule, timezone, is_off: next_run_at === null };
}

/** Returns null for a row of nulls, which PostgREST writes for a row that is null. */
function rowOrNull<Row extends { id: string }>(row: Row | null): Row | null {
  return row?.id ? row : null;
}
