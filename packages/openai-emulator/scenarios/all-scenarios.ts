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
    takes: ["n", "variant"],
    variants: ["server_error", "invalid_file"],
    failBatch: (_, { settings, variant }) => ({
      failing: settings.n ?? 1,
      code: variant === "invalid_file" ? variant : "server_error",
      status: "completed",
    }),
  },
  batch_failed: {
    source: BATCHES,
    takes: ["variant"],
    variants: ["failed", "cancelled"],
    failBatch: (files, { variant }) =>
      variant === "cancelled"
        ? { failing: 0, status: "cancelled" }
        : { failing: files, status: "failed" },
  },
};
