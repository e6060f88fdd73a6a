import type { Responses } from "openai/resources/responses/responses";
import * as z from "zod";
import { isImage } from "../../session-files/file-kinds.ts";
import type { PastMessage, SessionFile } from "../turn-database.ts";
import { attachedLines } from "./describe-files.ts";

type Content = Responses.ResponseInputContent;
/** An item of a request's input. */
export type InputItem = Responses.ResponseInputItem;

/** The files of a session, as messages show them. */
export interface ShownFiles {
  /** Finds a ready file by Parley's id. */
  fileOf(id: string): SessionFile | undefined;
  /** Returns true for a file that a message contains. The model knows any other file by its name and by search. */
  isShown(file: SessionFile): boolean;
}

/** OpenAI needs a text, also for a message that has only files. */
const ONLY_FILES = "See the attached files.";
/** Stands before images of the assistant in a message of the user. */
const MADE_IMAGES = "[Images that you created in your last reply:]";
/** The part of a file that the assistant made. */
const MadePart = z.looseObject({
  type: z.literal("file"),
  providerMetadata: z.object({ parley: z.object({ filename: z.string() }) }),
});
/** A call of a tool that Parley has answered, in a reply. */
const OwnCall = z.looseObject({
  type: z.string().startsWith("tool-"),
  toolCallId: z.string(),
  providerExecuted: z.literal(false).optional(),
  state: z.enum(["output-available", "output-error", "output-denied"]),
  input: z.unknown(),
  output: z.unknown(),
  errorText: z.string().optional(),
});
/**
 * Tokens that an image may take in the context window: an image of high detail on models that count tiles.
 * Source: https://developers.openai.com/api/docs/guides/images-vision
 */
const IMAGE_TOKENS = 1_500;

/**
 * Returns the items of each message as the model is shown it: its texts, its tool calls, the names of its files, its
 * images and PDFs. A message is the same when it is new and when a history repeats it. OpenAI takes no image in a message of the assistant, and no
 * image call without the reasoning before it. An image that the assistant made is therefore shown with the next message
 * of the user.
 * @see https://community.openai.com/t/how-to-chat-with-an-ai-generated-image-via-responses-api/1365014
 * @see https://community.openai.com/t/how-to-achieve-multi-turn-image-editing-when-manually-managing-conversation-state/1358313
 */
export function buildInput(
  messages: readonly PastMessage[],
  { fileOf, isShown }: ShownFiles,
): InputItem[][] {
  let made: SessionFile[] = [];
  return messages.map((message) => {
    const files = message.file_ids.flatMap((id) => fileOf(id) ?? []);
    if (message.sender === "assistant") {
      made = files.filter((file) => isImage(file.file_type) && isShown(file));
      return replyItems(message);
    }
    const input = [buildQuestion(message, { files, shown: files.filter(isShown), made })];
    made = [];
    return input;
  });
}

/**
 * Returns the items of a reply. Its calls are there with their outputs, because OpenAI takes no call without one. As in
 * a conversation, the outputs follow all calls of their step.
 */
export function replyItems(message: PastMessage): InputItem[] {
  const names = madeNames(message);
  if (!message.parts.some((part) => readOwnCall(part))) {
    return [said(joinBlocks([readText(message), ...names]))];
  }
  const items: InputItem[] = [];
  const outputs: InputItem[] = [];
  for (const part of message.parts) {
    if (part.type === "step-start") items.push(...outputs.splice(0));
    if (isText(part)) items.push(said(part.text));
    const call = readOwnCall(part);
    if (!call) continue;
    const { toolCallId: call_id, type, input } = call;
    const name = type.slice("tool-".length);
    items.push({ type: "function_call", call_id, name, arguments: JSON.stringify(input ?? {}) });
    outputs.push({ type: "function_call_output", call_id, output: readOutput(call) });
  }
  return [...items, ...outputs, ...(names.length > 0 ? [said(joinBlocks(names))] : [])];
}

function said(content: string): InputItem {
  return { role: "assistant", content };
}

/** Returns the call of a part that Parley has answered; null for other parts. */
function readOwnCall(part: PastMessage["parts"][number]): z.infer<typeof OwnCall> | null {
  return OwnCall.safeParse(part).data ?? null;
}

function readOutput({ state, output, errorText }: z.infer<typeof OwnCall>): string {
  if (state === "output-available") return JSON.stringify(output ?? null);
  return JSON.stringify({ error: errorText ?? "The user denied this call." });
}

function isText(part: PastMessage["parts"][number]): part is { type: "text"; text: string } {
  return part.type === "text" && typeof part.text === "string" && part.text !== "";
}

function buildQuestion(
  message: PastMessage,
  { files, shown, made }: Record<"files" | "shown" | "made", readonly SessionFile[]>,
): Responses.EasyInputMessage {
  const text = joinBlocks([readText(message), attachedLines(files)]);
  return {
    role: message.sender,
    content: [
      ...showMade(made),
      { type: "input_text", text: text === "" ? ONLY_FILES : text },
      ...shown.map(fileContent),
    ],
  };
}

/** Shows the images of the assistant's last message. The text tells them from images of the user. */
function showMade(images: readonly SessionFile[]): Content[] {
  if (images.length === 0) return [];
  return [{ type: "input_text", text: MADE_IMAGES }, ...images.map(fileContent)];
}

/** Names the files that the assistant made in a message. */
function madeNames({ parts }: PastMessage): string[] {
  return parts.flatMap((part) => {
    const file = MadePart.safeParse(part);
    return file.success ? [`[Created file: ${file.data.providerMetadata.parley.filename}]`] : [];
  });
}

function joinBlocks(blocks: readonly string[]): string {
  return blocks.filter((block) => block.trim() !== "").join("\n\n");
}

function fileContent({ openai_file_id: file_id, file_type }: SessionFile): Content {
  return isImage(file_type)
    ? { type: "input_image", file_id, detail: "auto" }
    : { type: "input_file", file_id };
}

/** Returns the text of a message. The blocks of a reply are paragraphs of their own, as the user sees them. */
function readText({ parts, content }: PastMessage): string {
  const blocks = parts.filter(isText).map(({ text }) => text);
  return blocks.length > 0 ? blocks.join("\n\n") : content;
}

/**
 * Estimates the tokens of a message's items without its PDFs, rather too many than too few. Three bytes a token hold for
 * English with room to spare, and for scripts in which a character takes three bytes.
 */
export function estimateTokens(items: readonly InputItem[]): number {
  return items.reduce((sum, item) => sum + itemTokens(item), 0);
}

function itemTokens(item: InputItem): number {
  if (!("content" in item)) return textTokens(JSON.stringify(item));
  const content = item.content as Responses.EasyInputMessage["content"]; // As this module writes it.
  if (typeof content === "string") return textTokens(content);
  return content.reduce((sum, part) => sum + partTokens(part), 0);
}

function partTokens(part: Content): number {
  if (part.type === "input_text") return textTokens(part.text);
  return part.type === "input_image" ? IMAGE_TOKENS : 0;
}

/** Estimates the tokens of a text. */
export function textTokens(text: string): number {
  return Math.ceil(new TextEncoder().encode(text).byteLength / 3);
}

/**
 * Returns the newest messages that fit into `tokens`, from a message of the user on. The oldest turns are left out as
 * a whole.
 */
export function cutHistory(
  history: readonly InputItem[][],
  tokens: number,
): InputItem[][] {
  let left = tokens;
  let from = history.length;
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const message = history[index];
    if (!message || (left -= estimateTokens(message)) < 0) break;
    if (message.some((item) => "role" in item && item.role === "user")) from = index;
  }
  return history.slice(from);
}
