import { outputs } from "./outputs.ts";
import { refusals } from "./refusals.ts";
import type { Scenario } from "./scenario.ts";
import type { ScenarioName } from "./settings.ts";
import { streams } from "./streams.ts";

const BATCHES =
  "https://platform.openai.com/docs/api-reference/vector-stores-file-batches/batch-object";

/** All scenarios, by their word. */
export const SCENARIOS: Record<ScenarioName, Scenario> = {
  ...streams,
  ...outputs,
  ...refusals,
  batch_partly_failed: {
    source: BATCHES,
    takes: ["n"],
    failBatch: (_, { settings }) => ({ failing: settings.n ?? 1, status: "completed" }),
  },
  batch_failed: {
    source: BATCHES,
    failBatch: (files) => ({ failing: files, status: "failed" }),
  },
};
