import * as z from "zod";
import { Failure } from "@parley/emulator-kit/behaviour-store.ts";
import { McpServers } from "../answers/mcp-settings.ts";
import { SCENARIOS } from "../scenarios/all-scenarios.ts";
import {
  SCENARIO_PARAMETERS,
  ScenarioFields,
  type ScenarioSettings,
} from "../scenarios/settings.ts";

const count = z.number().int().min(0);

/** The commanded behaviour; `{}` is the default, without delays and faults. */
export const Behaviour = z.strictObject({
  ttft_ms: z.number().min(0).optional(),
  tokens_per_second: z.number().positive().optional(),
  reply: z.string().optional(),
  indexing_ms: z.number().min(0).optional(),
  fail: Failure.optional(),
  disconnect_after_events: count.optional(),
  malformed_after_events: count.optional(),
  end: z.enum(["completed", "failed", "incomplete"]).optional(),
  mcp_servers: McpServers.optional(),
  ...ScenarioFields,
}).superRefine((behaviour, context) => {
  for (const [path, message] of checkScenario(behaviour)) {
    context.addIssue({ code: "custom", path: [path], input: behaviour, message });
  }
});
export type Behaviour = z.infer<typeof Behaviour>;

/** Yields the parameters that do not fit the scenario, each with a sentence. */
function* checkScenario(settings: ScenarioSettings): Generator<[string, string]> {
  const scenario = settings.scenario ? SCENARIOS[settings.scenario] : null;
  const known = scenario ? ["times", ...scenario.takes ?? []] : [];
  for (const name of SCENARIO_PARAMETERS) {
    const isSet = settings[name] !== undefined;
    if (isSet && !known.includes(name)) yield [name, "the scenario does not take it"];
    if (!isSet && scenario?.needs?.includes(name)) yield [name, "the scenario needs it"];
  }
  const { variant } = settings;
  const variants: readonly string[] = scenario?.variants ?? [];
  if (variant !== undefined && known.includes("variant") && !variants.includes(variant)) {
    yield ["variant", `the scenario has ${variants.join(", ")}`];
  }
}
