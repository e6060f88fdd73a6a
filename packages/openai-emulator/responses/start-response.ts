import { ApiError } from "../http/api-error.ts";
import { buildResponse } from "./build-response.ts";
import { composeAnswer } from "../answers/compose-answer.ts";
import { createEventLog } from "./event-log.ts";
import { findConversation } from "../find-records.ts";
import { generate } from "./generate.ts";
import type { Generation } from "./generation.ts";
import type { CreateResponse } from "./request-schemas.ts";
import type { ConversationRecord, EmulatorState, ResponseRecord, Run } from "../state.ts";
import { searchFiles } from "../answers/search-files.ts";
import { searchWeb } from "../answers/search-web.ts";
import { toItems } from "../conversations/to-items.ts";

/**
 * Starts a response and returns while it runs. Throws OpenAI's 404 for an unknown conversation, and its 400
 * `conversation_locked` if another response is using it.
 */
export function startResponse(state: EmulatorState, params: CreateResponse): Run {
  const conversation = openConversation(state, params.conversation);
  const record: ResponseRecord = {
    response: buildResponse(params, conversation?.conversation.id ?? null),
    inputItems: toItems(params.input),
    streamed: params.stream ?? false,
    log: createEventLog(),
  };
  const { id } = record.response;
  if (record.response.store) state.responses.set(id, record);
  const controller = new AbortController();
  const generation = prepare(state, params, record, conversation);
  const finished = generate(state, generation, controller.signal);
  const run = { record, cancel: () => controller.abort(), finished };
  state.runs.set(id, run);
  state.changed();
  return run;
}

function openConversation(
  state: EmulatorState,
  wanted: CreateResponse["conversation"],
): ConversationRecord | null {
  if (!wanted) return null;
  const id = typeof wanted === "string" ? wanted : wanted.id;
  const conversation = findConversation(state, id);
  const users = [...state.runs.values()].map(({ record }) => record.response.conversation?.id);
  if (!users.includes(id)) return conversation;
  throw new ApiError(
    400,
    "Another process is currently operating on this conversation. Please retry in a few seconds.",
    { param: "conversation", code: "conversation_locked" },
  );
}

function prepare(
  state: EmulatorState,
  params: CreateResponse,
  record: ResponseRecord,
  conversation: ConversationRecord | null,
): Generation {
  const behaviour = state.behaviour.get();
  const history = [...conversation?.items ?? []];
  const plan = composeAnswer({
    instructions: params.instructions ?? null,
    history,
    input: record.inputItems,
    tools: params.tools ?? [],
    purpose: params.metadata?.["purpose"],
    wantsReasoning: Boolean(params.reasoning?.summary),
    reply: behaviour.reply,
    nameFile: (id) => state.files.get(id)?.filename,
  }, [searchFiles(state, params.include ?? []), searchWeb]);
  const obfuscate = params.stream_options?.include_obfuscation ?? false;
  return { record, conversation, history, plan, behaviour, obfuscate };
}
