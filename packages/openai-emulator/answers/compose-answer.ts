import type { Responses } from "openai/resources/responses/responses";
import type {
  AnswerPlan,
  PlannedReasoning,
  PlannedText,
  ToolAnswerer,
  ToolUse,
} from "./answer-plan.ts";
import { callFunctions, quoteOutputs } from "./call-tools.ts";
import { callServers, quoteDenials } from "./mcp-servers.ts";
import type { McpServers } from "./mcp-settings.ts";
import { readUserTurns, type UserTurn } from "./read-messages.ts";
import { pickQuote } from "../retrieval/pick-quote.ts";
import { searchWeb } from "./search-web.ts";
import { composeTitle, quote } from "./shorten-text.ts";
import type { CreateResponse } from "../responses/request-schemas.ts";
import type { Item } from "../wire-types.ts";

/** A message with these words gets a refusal, so that clients can be tested against refusals. */
const REFUSAL_WISH = /\brefuse this\b/i;

/** The input of a reply. */
export interface Question {
  instructions: string | null;
  history: readonly Item[];
  input: readonly Item[];
  tools: readonly Responses.Tool[];
  toolChoice?: CreateResponse["tool_choice"];
  mcpServers?: McpServers;
  /** `metadata.purpose`: `title` asks for a title instead of a reply. */
  purpose: string | undefined;
  wantsReasoning: boolean;
  /** The commanded text; it replaces the composed text for every question. */
  reply: string | undefined;
  /** Returns the name of a file; undefined if the file does not exist any more. */
  nameFile(id: string): string | undefined;
  /** Returns the text of a file in the input; undefined if it has none, such as an image. */
  readFile(id: string): string | undefined;
}

/**
 * Plans the reply to a question; the same question always gets the same plan. Each of `answerers` may use a
 * tool that the question offers. Its sentence and its citation become part of the reply.
 */
export function composeAnswer(
  question: Question,
  answerers: readonly ToolAnswerer[] = [searchWeb],
): AnswerPlan {
  const turns = readUserTurns([...question.history, ...question.input]);
  const turn = turns.at(-1) ?? { text: "", images: 0, files: 0, fileIds: [] };
  const reasoning = question.wantsReasoning ? [planReasoning(turns)] : [];
  if (question.purpose === "title") return [...reasoning, planText(composeTitle(turn.text))];
  if (question.reply === undefined && REFUSAL_WISH.test(turn.text)) {
    return [...reasoning, { type: "refusal", refusal: "I'm sorry, but I can't help with that." }];
  }
  const { history, input, tools, toolChoice, mcpServers = {} } = question;
  const functions = callFunctions(input, tools, toolChoice);
  const servers = callServers(mcpServers, tools, history, input);
  const waits = functions.length > 0 || servers.some(({ type }) => type === "mcp_approval_request");
  if (waits) return [...reasoning, ...servers, ...functions];
  const uses = answerers.flatMap((answer) => answer(turn, question.tools) ?? []);
  const text = question.reply === undefined
    ? withSentences(composeText(question, turns), uses)
    : withCitations(question.reply, uses);
  return [...reasoning, ...servers, ...uses.map(({ call }) => call), text];
}

function planReasoning(turns: readonly UserTurn[]): PlannedReasoning {
  const first = `Reading message ${turns.length} of the conversation.`;
  const second = turns.length > 1 ? "Recalling the message before it." : "Nothing came before it.";
  return { type: "reasoning", summaries: [first, second] };
}

function composeText(
  { instructions, history, input, nameFile, readFile }: Question,
  turns: readonly UserTurn[],
): string {
  const [earlier, turn] = turns.length > 1 ? turns.slice(-2) : [undefined, turns[0]];
  const sentences = [
    earlier && `Before this you wrote: ${quote(earlier.text)}.`,
    turn && `${earlier ? "Now you write" : "You wrote"}: ${quote(turn.text)}.`,
    turn && describeAttachments(turn, nameFile),
    ...turn?.fileIds.map((id) => quoteFile(nameFile(id), readFile(id), turn.text)) ?? [],
    ...quoteOutputs(history, input),
    ...quoteDenials(history, input),
    `This is turn ${turns.length} of our conversation.`,
    instructions && `I keep to my instructions (${countWords(instructions)}).`,
  ];
  return sentences.filter(Boolean).join(" ");
}

function describeAttachments(
  { images, files, fileIds }: UserTurn,
  nameFile: Question["nameFile"],
): string {
  if (images + files === 0) return "";
  const names = fileIds.map(nameFile).filter((name) => name !== undefined);
  const listed = names.length > 0 ? `: ${names.join(", ")}` : "";
  return `With it came ${images} image(s) and ${files} file(s)${listed}.`;
}

/** Quotes a file that the input shows whole. As at OpenAI, such a file is not cited. */
function quoteFile(name: string | undefined, text: string | undefined, question: string): string {
  return text ? `In ${name} I read: ${quote(pickQuote(text, question))}.` : "";
}

function countWords(text: string): string {
  const { length } = text.match(/\S+/g) ?? [];
  return length === 1 ? "1 word" : `${length} words`;
}

function planText(text: string): PlannedText {
  return { type: "text", text, annotations: [] };
}

function withSentences(opening: string, uses: readonly ToolUse[]): PlannedText {
  const plan = planText(opening);
  for (const { sentence, cite } of uses) {
    const start = plan.text.length + 1;
    plan.text += ` ${sentence}`;
    const source = cite(start, plan.text.length);
    if (source) plan.annotations.push(source);
  }
  return plan;
}

function withCitations(text: string, uses: readonly ToolUse[]): PlannedText {
  return {
    type: "text",
    text,
    annotations: uses.flatMap(({ cite }) => cite(0, text.length) ?? []),
  };
}
