import { describeError } from "../http/log.ts";
import type { TurnNews } from "./turn-database.ts";
import type { TurnPorts } from "./turn-ports.ts";

/** Turns whose progress is not reported within this time might be taken by recovery, which waits for 60 seconds. */
const REPORT_EVERY_MS = 10_000;

type Listener = (news: TurnNews) => void;

/**
 * Reports the progress of all turns of this isolate, in one call at most every ten seconds. Has no timer of its own: a
 * turn counts as alive only while OpenAI shows that it writes the reply.
 */
export class ProgressReporter {
  readonly #everyMs: number;
  readonly #waiting = new Map<string, Listener>();
  #reportedAt = Date.now();
  #reporting = false;

  constructor(everyMs = REPORT_EVERY_MS) {
    this.#everyMs = everyMs;
  }

  /** Notes progress of a turn. `listen` is called with what the database knows, when this progress was reported. */
  note({ db, log }: TurnPorts, turnId: string, listen: Listener): void {
    this.#waiting.set(turnId, listen);
    if (this.#reporting || Date.now() - this.#reportedAt < this.#everyMs) return;
    this.#reporting = true;
    const turns = new Map(this.#waiting);
    this.#waiting.clear();
    db.reportProgress([...turns.keys()]).then(
      (active) => turns.forEach((tell, id) => tell(readNews(active, id))),
      (error) => log.error("progress_not_reported", { turns: turns.size, ...describeError(error) }),
    ).finally(() => {
      this.#reportedAt = Date.now();
      this.#reporting = false;
    });
  }
}

function readNews(active: Map<string, boolean>, turnId: string): TurnNews {
  return { isActive: active.has(turnId), isStopRequested: active.get(turnId) ?? false };
}

/** The reporter of this isolate. */
export const progressReporter = new ProgressReporter();
