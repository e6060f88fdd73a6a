import type { LookoutChange, LookoutReply, LookoutRequest } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import { buildSchedule, firstRun, hasSchedule, type StoredSchedule } from "./build-schedule.ts";
import type { LookoutDatabase, LookoutEdit } from "./lookout-database.ts";

/** The calls that changing lookouts needs. */
export interface ChangePorts {
  lookouts: LookoutDatabase;
  /** Finds a lookout of the caller, with the caller's own rights. */
  find(lookoutId: string): Promise<LookoutReply | null>;
  now(): Date;
}

/** How often a change is computed when other requests change the lookout in between. */
const ATTEMPTS = 5;

/** Creates a lookout. Throws `invalid_schedule`, or the refusal of the database. */
export async function createLookout(
  { lookouts, now }: ChangePorts,
  authUserId: string,
  request: LookoutRequest,
): Promise<LookoutReply> {
  const at = now();
  const schedule = buildSchedule(request, at);
  const { title, prompt, assistant_slug } = request;
  return await lookouts.create(authUserId, {
    title,
    prompt,
    assistant_slug,
    ...schedule,
    next_run_at: firstRun(schedule, at).toISOString(),
  });
}

/** Edits, pauses, resumes or archives a lookout. Throws `lookout_not_found`, `invalid_schedule` or a refusal. */
export async function changeLookout(
  ports: ChangePorts,
  authUserId: string,
  lookoutId: string,
  change: LookoutChange,
): Promise<LookoutReply> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const seen = await ports.find(lookoutId);
    if (!seen) throw new AppError("lookout_not_found");
    const edit = computeEdit(seen, change, ports.now());
    const changed = await ports.lookouts.update(authUserId, seen, edit);
    if (changed) return changed;
  }
  throw new AppError("lookout_changed");
}

function computeEdit(seen: LookoutReply, change: LookoutChange, now: Date): LookoutEdit {
  const { title, prompt, assistant_slug, status } = change;
  const edit: LookoutEdit = { title, prompt, assistant_slug, status };
  const stored = readStored(seen);
  const isNew = hasSchedule(change);
  const isResumed = status === "active" && seen.next_run_at === null;
  const schedule = isNew ? buildSchedule(change, now, stored) : stored;
  if (isNew) Object.assign(edit, schedule);
  if (isNew || isResumed) edit.next_run_at = firstRun(schedule, now).toISOString();
  return withoutUndefined(edit);
}

/** Reads the stored schedule. The table's check limits the frequency; the generated types do not say so. */
function readStored({ frequency, cron_schedule, timezone }: LookoutReply): StoredSchedule {
  return { frequency: frequency as StoredSchedule["frequency"], cron_schedule, timezone };
}

function withoutUndefined(edit: LookoutEdit): LookoutEdit {
  return Object.fromEntries(Object.entries(edit).filter(([, value]) => value !== undefined));
}
