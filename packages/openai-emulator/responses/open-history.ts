import { ApiError } from "../http/api-error.ts";
import { findConversation } from "../find-records.ts";
import type { EmulatorState } from "../state.ts";
import type { Item } from "../wire-types.ts";
import type { CreateResponse } from "./request-schemas.ts";

/**
 * Returns the items that a request continues, oldest first: those of its conversation, or the input and the output of
 * the previous responses, in whatever way these ended. Throws OpenAI's 404 or 400 if they do not exist.
 */
export function openHistory(
  state: EmulatorState,
  { conversation, previous_response_id: previous }: Pick<
    CreateResponse,
    "conversation" | "previous_response_id"
  >,
): readonly Item[] {
  if (previous) return openResponses(state, previous);
  const id = typeof conversation === "string" ? conversation : conversation?.id;
  return id === undefined ? [] : findConversation(state, id).items;
}

function openResponses(state: EmulatorState, id: string): readonly Item[] {
  const record = state.responses.get(id);
  if (!record) {
    // See https://github.com/maximhq/bifrost/issues/2441.
    const details = { param: "previous_response_id", code: "previous_response_not_found" };
    throw new ApiError(400, `Previous response with id '${id}' not found.`, details);
  }
  const { response, inputItems } = record;
  const conversation = response.conversation?.id;
  // A response of a conversation is continued with all that the conversation holds.
  if (conversation) return findConversation(state, conversation).items;
  const earlier = openHistory(state, { previous_response_id: response.previous_response_id });
  return [...earlier, ...inputItems, ...response.output];
}
