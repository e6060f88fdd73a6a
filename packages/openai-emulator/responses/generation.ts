import type { AnswerPlan } from "../answers/answer-plan.ts";
import type { Behaviour } from "../control/behaviour.ts";
import type { Course, Ending } from "../scenarios/scenario.ts";
import type { ConversationRecord, ResponseRecord } from "../state.ts";
import type { Item } from "../wire-types.ts";

/** A response to generate, with everything that its output depends on. */
export interface Generation {
  record: ResponseRecord;
  conversation: ConversationRecord | null;
  /** The items of the conversation when the response started. */
  history: readonly Item[];
  plan: AnswerPlan;
  ending: Ending;
  behaviour: Behaviour;
  /** The changes that the scenario makes to this response. */
  course: Course;
  obfuscate: boolean;
}
