import { ApiError } from "../http/api-error.ts";
import { SCENARIOS } from "./all-scenarios.ts";
import type { Asked, BatchFault, Command, Effect, RequestFacts, StreamFault } from "./scenario.ts";
import type { ScenarioSettings } from "./settings.ts";

/** The commanded scenario. It changes at most `times` requests. Without a scenario, nothing changes. */
export interface RunningScenario {
  /** Throws if the request is refused. */
  admit(request: RequestFacts): void;
  /** Returns the changes to a response. Throws if it is refused. */
  respond(asked: Asked): Effect;
  /** Returns the changes to a later stream. Throws if it is refused. */
  attach(): StreamFault;
  /** Throws if an attached file of a vector store is not found. */
  showStoreFile(fileId: string, storeId: string): void;
  /** Returns how many of a batch's files fail. */
  failBatch(files: number): BatchFault;
}

/** Starts the scenario of `settings`. */
export function runScenario(settings: ScenarioSettings): RunningScenario {
  const scenario = settings.scenario ? SCENARIOS[settings.scenario] : null;
  const command = createCommand(settings, scenario?.variants?.[0]);
  let left = settings.times ?? scenario?.times ?? Infinity;
  const take = <Change>(find: () => Change | null | undefined): Change | null => {
    const change = left > 0 ? find() ?? null : null;
    if (change !== null) left--;
    return change;
  };
  return {
    admit(request) {
      const refusal = take(() => scenario?.refuse?.(request, command));
      if (refusal) throw refusal;
    },
    respond(asked) {
      const refusal = take(() => scenario?.refuseResponse?.(asked, command));
      if (refusal) throw refusal;
      return take(() => scenario?.respond?.(asked, command)) ?? {};
    },
    attach() {
      const fault = take(() => scenario?.attach?.(command));
      if (fault instanceof ApiError) throw fault;
      return fault ?? {};
    },
    showStoreFile(fileId, storeId) {
      const refusal = take(() => scenario?.refuseStoreFile?.(fileId, storeId, command));
      if (refusal) throw refusal;
    },
    failBatch: (files) =>
      take(() => scenario?.failBatch?.(files, command)) ?? { failing: 0, status: "completed" },
  };
}

function createCommand(settings: ScenarioSettings, usual: string | undefined): Command {
  let calls = 0;
  return {
    settings,
    variant: settings.variant ?? usual,
    since: Date.now(),
    countCall: () => ++calls,
  };
}
