import OpenAI from "openai";
import type { LookoutRunReply } from "../../../types/api.ts";
import type { ClaimedRun, LookoutDatabase } from "../../../functions/lookouts/lookout-database.ts";
import type { FilePorts } from "../../../functions/_shared/session-files/file-ports.ts";
import type { RunPorts } from "../../../functions/lookouts/run-lookout.ts";
import type { StartedTurn, TurnDatabase } from "../../../functions/_shared/turn/turn-database.ts";
import { pause } from "../../../functions/_shared/openai/retry-once.ts";

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
  started_at: "",
  turn_started_at: null,
  finished_at: "",
};

/** Due lookouts, each of whose runs takes this many milliseconds. */
export class FakeLookouts implements LookoutDatabase {
  due: number;
  readonly runMs: number;
  going = 0;
  mostAtOnce = 0;
  ended = 0;
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
    this.going += taken;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.going);
    return Promise.resolve(Array.from({ length: taken }, () => CLAIMED));
  }

  countDue = () => Promise.resolve(this.due + this.going);

  async start(): Promise<StartedTurn | null> {
    await pause(this.runMs);
    return null;
  }

  settle(_runId: string, nextRunAt: Date | null): Promise<LookoutRunReply> {
    this.going -= 1;
    this.ended += 1;
    this.nextRuns.push(nextRunAt);
    return Promise.resolve(ENDED);
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
