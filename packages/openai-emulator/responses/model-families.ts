import type { ReasoningEffort } from "./text-schemas.ts";

/** The models of one name, with what they take. */
export interface ModelFamily {
  name: RegExp;
  /** The efforts that the models take, in OpenAI's order; none if they do not reason. */
  efforts: readonly ReasoningEffort[];
  /** The effort without a request for one. */
  usualEffort: ReasoningEffort | null;
}

const UP_TO_HIGH = ["low", "medium", "high"] as const;
const UP_TO_XHIGH = [...UP_TO_HIGH, "xhigh"] as const;
const UP_TO_MAX = [...UP_TO_XHIGH, "max"] as const;

/**
 * What the families of models take; the first match counts. Other models take everything, so that tests can
 * use models of their own.
 *
 * Efforts: https://developers.openai.com/api/docs/guides/reasoning,
 * https://community.openai.com/t/1371738 (until GPT-5.2),
 * https://github.com/anomalyco/opencode/issues/36141 (GPT-5.6),
 * https://github.com/BerriAI/litellm-docs/pull/1173 and https://docs.litellm.ai/blog/gpt_6_sol_luna (GPT-6),
 * https://dev.to/aihubmix/choosing-a-reasoning-effort-for-gpt-61-sol-low-to-max-4326 (GPT-6.1).
 */
const FAMILIES: readonly ModelFamily[] = [
  reasons(/^gpt-6(-astra|\.\d)/, UP_TO_MAX),
  reasons(/^gpt-6-/, ["none", ...UP_TO_MAX]),
  reasons(/^gpt-5\.6/, ["none", ...UP_TO_MAX]),
  reasons(/^gpt-5\.\d-pro/, ["medium", "high", "xhigh"]),
  reasons(/^gpt-5\.\d-chat/, ["medium"]),
  reasons(/^gpt-5\.1-codex-max/, UP_TO_XHIGH),
  reasons(/^gpt-5\.1-codex/, UP_TO_HIGH),
  reasons(/^gpt-5\.\d-codex/, UP_TO_XHIGH),
  reasons(/^gpt-5\.5/, ["none", ...UP_TO_XHIGH]),
  reasons(/^gpt-5\.[2-4]/, ["none", ...UP_TO_XHIGH], "none"),
  reasons(/^gpt-5\.1/, ["none", ...UP_TO_HIGH], "none"),
  reasons(/^gpt-5-pro/, ["high"], "high"),
  reasons(/^gpt-5-codex/, UP_TO_HIGH),
  { name: /^(gpt-5-chat|gpt-4|gpt-3\.5|chatgpt-4o)/, efforts: [], usualEffort: null },
  reasons(/^gpt-5(-|$)/, ["minimal", ...UP_TO_HIGH]),
  reasons(/^o\d/, UP_TO_HIGH),
];

/** Returns the family of a model, or undefined for a model that is not in the table. */
export function findFamily(model: string): ModelFamily | undefined {
  return FAMILIES.find(({ name }) => name.test(model));
}

function reasons(
  name: RegExp,
  efforts: readonly ReasoningEffort[],
  usualEffort: ReasoningEffort = "medium",
): ModelFamily {
  return { name, efforts, usualEffort };
}
