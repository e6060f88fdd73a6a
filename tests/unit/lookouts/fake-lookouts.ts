import OpenAI from "openai";
import type { LookoutRunReply } from "../../../types/api.ts";
import type { ClaimedRun, LookoutDatabase } from "../../../functions/lookouts/lookout-database.ts";
import type { FilePorts } from "../../../functions/_shared/session-files/file-ports.ts";
import type { RunPorts } from "../../../functions/lookouts/start-run.ts";
import type { StartedTurn, TurnDatabase } from "../../../functions/_shared/turn/turn-database.ts";
import { pause } from "../../../functions/_shared/http/pause.ts";

function unused(): never {
  throw new Error("not part of this");
}

/** A daily lookout, at nine. */
const CLAIMED: ClaimedRun = {
  run_id: "run",
  lookout_id: "lookout",
  scheduled_at: "2026-03-08T09:00:00+00:00",
  cron_schedule: "0 9 * * *",
  timezone: "UTC",
};

/** Its run, after its end. */
export const ENDED: LookoutRunReply = {
  id: CLAIMED.run_id,
  lookout_id: CLAIMED.lookout_id,
  user_id: "user",
  scheduled_at: CLAIMED.scheduled_at,
  status: "complete",
  session_id: null,
  error: null,
  attempts: 1,
  next_run_at: null,
  started_at: "",
  turn_started_at: null,
  finished_at: "",
};

/** Due lookouts, each of whose runs is skipped after this many milliseconds. */
export class FakeLookouts implements LookoutDatabase {
  due: number;
  readonly runMs: number;
  starting = 0;
  mostStarting = 0;
  create = unused;
  update = unused;
  remove = unused;
  defer = unused;
  runNow: LookoutDatabase["runNow"] = unused;
  findRun: LookoutDatabase["findRun"] = unused;
  readonly nextRuns: (Date | null)[] = [];

  constructor(due: number, runMs: number) {
    this.due = due;
    this.runMs = runMs;
  }

  claimDue(limit: number) {
    const taken = Math.min(limit, this.due);
    this.due -= taken;
    return Promise.resolve(Array.from({ length: taken }, () => CLAIMED));
  }

  async start(): Promise<StartedTurn | null> {
    this.starting += 1;
    this.mostStarting = Math.max(this.mostStarting, this.starting);
    await pause(this.runMs);
    this.starting -= 1;
    return null;
  }

  settle(_runId: string, nextRunAt: Date | null): Promise<LookoutRunReply> {
    this.nextRuns.push(nextRunAt);
    return Promise.resolve({ ...ENDED, status: "skipped" });
  }
}

/** Returns the ports of a run; only the lookouts work. */
export function portsWith(lookouts: LookoutDatabase): RunPorts {
  return {
    lookouts,
    now: () => new Date(),
    db: new Proxy({} as TurnDatabase, { get: unused }),
    files: new Proxy({} as FilePorts, { get: unused }),
    openai: new OpenAI({ apiKey: "none", dangerouslyAllowBrowser: true }),
    stores: { open: unused, expire: unused, resend: unused },
    log: { info() {}, warn() {}, error() {} },
  };
}
