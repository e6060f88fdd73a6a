import { ApiError } from "../http/api-error.ts";
import type { AnswerPlan } from "../answers/answer-plan.ts";
import type { Behaviour } from "../control/behaviour.ts";
import { buildResponse, shownTools } from "./build-response.ts";
import { composeAnswer } from "../answers/compose-answer.ts";
import { countInput } from "./count-tokens.ts";
import { createEventLog } from "./event-log.ts";
import { findConversation } from "../find-records.ts";
import { findFailure, type McpFailure } from "../answers/mcp-servers.ts";
import { limitCalls } from "./limit-calls.ts";
import { openHistory } from "./open-history.ts";
import { generate } from "./generate.ts";
import type { Generation } from "./generation.ts";
import type { CreateResponse } from "./request-schemas.ts";
import type { Asked, Course, Ending, StreamFault } from "../scenarios/scenario.ts";
import { SERVER_ERROR } from "./settle-response.ts";
import type { ConversationRecord, EmulatorState, ResponseRecord, Run } from "../state.ts";
import { searchFiles } from "../answers/search-files.ts";
import { searchWeb } from "../answers/search-web.ts";
import type { Item } from "../wire-types.ts";
import { toItems } from "../conversations/to-items.ts";

/** A response that runs, and the changes that the scenario makes to the stream of its request. */
export interface StartedResponse {
  run: Run;
  fault: StreamFault;
}

/** What a response knows besides its request. */
interface Sources {
  conversation: ConversationRecord | null;
  /** The items that the request continues when it starts. */
  history: readonly Item[];
  failure: McpFailure | null;
  texts: ReadonlyMap<string, string>;
}

/**
 * Starts a response and returns while it runs. `texts` are those of the files in the input, by id. Throws OpenAI's 404
 * for an unknown conversation, its 400 `conversation_locked` if another response is using it, and the refusal that the
 * scenario commands.
 */
export function startResponse(
  state: EmulatorState,
  params: CreateResponse,
  texts: ReadonlyMap<string, string>,
): StartedResponse {
  const conversation = openConversation(state, params.conversation);
  const record: ResponseRecord = {
    response: buildResponse(params, conversation?.conversation.id ?? null),
    inputItems: toItems(params.input),
    streamed: params.stream ?? false,
    log: createEventLog(),
  };
  const history = [...openHistory(state, params)];
  const asked = (params.tools ?? []).filter((tool) => tool.type === "mcp");
  const failure = findFailure(state.behaviour.get().mcp_servers ?? {}, asked, history);
  if (failure && !params.stream && !params.background) throw refuseServer(failure);
  const effect = state.behaviour.scenario().respond(describe(params, record, history));
  const { id } = record.response;
  if (record.response.store) state.responses.set(id, record);
  const controller = new AbortController();
  const sources = { conversation, history, failure, texts };
  const generation = prepare(state, params, record, sources, effect.course ?? {});
  const finished = generate(state, generation, controller.signal);
  const run = { record, cancel: () => controller.abort(), finished };
  state.runs.set(id, run);
  state.changed();
  return { run, fault: effect.stream ?? {} };
}

function describe(
  params: CreateResponse,
  { inputItems }: ResponseRecord,
  history: readonly Item[],
): Asked {
  return {
    model: params.model,
    isTitle: params.metadata?.["purpose"] === "title",
    streamed: params.stream ?? false,
    truncates: params.truncation === "auto",
    wantsSummary: Boolean(params.reasoning?.summary),
    mayCall: params.tool_choice !== "none",
    tools: shownTools(params),
    history,
    input: inputItems,
    countInput: () =>
      countInput({
        instructions: params.instructions ?? null,
        history,
        input: inputItems,
      }),
  };
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
  { conversation, history, failure, texts }: Sources,
  course: Course,
): Generation {
  const behaviour = state.behaviour.get();
  const plan = failure ? [planFailure(failure)] : composeAnswer({
    instructions: params.instructions ?? null,
    history,
    input: record.inputItems,
    tools: shownTools(params),
    toolChoice: params.tool_choice,
    mcpServers: behaviour.mcp_servers,
    purpose: params.metadata?.["purpose"],
    wantsReasoning: Boolean(params.reasoning?.summary),
    reply: behaviour.reply,
    nameFile: (id) => state.files.get(id)?.filename,
    readFile: (id) => texts.get(id),
  }, [searchFiles(state, params.include ?? []), searchWeb]);
  return {
    record,
    conversation,
    history,
    plan: registerFiles(state, failure ? plan : limitCalls(course.plan?.(plan) ?? plan, params)),
    ending: failure ? endFailed(failure) : course.ending ?? endingOf(behaviour),
    behaviour,
    course,
    obfuscate: params.stream_options?.include_obfuscation ?? false,
  };
}

/** See https://plaid.com/docs/resources/mcp/. */
function refuseServer({ message }: McpFailure): ApiError {
  const details = { type: "external_connector_error", param: "tools", code: "http_error" };
  return new ApiError(424, message, details);
}

function planFailure({ server, message }: McpFailure) {
  return { type: "mcp_list_tools" as const, server, tools: [], error: message };
}

function endFailed({ message }: McpFailure): Ending {
  return { status: "failed", error: { code: "http_error", message }, sendsError: true };
}

function endingOf({ end = "completed" }: Behaviour): Ending {
  if (end === "failed") return { status: end, error: SERVER_ERROR };
  return end === "incomplete" ? { status: end, reason: "max_output_tokens" } : { status: end };
}

/** Makes the files of code runs available for download. */
function registerFiles(state: EmulatorState, plan: AnswerPlan): AnswerPlan {
  for (const item of plan) {
    if (item.type === "code_interpreter_call") state.containerFiles.set(item.file.id, item.file);
  }
  return plan;
}
