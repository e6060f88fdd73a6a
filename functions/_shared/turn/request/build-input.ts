import type { Responses } from "openai/resources/responses/responses";
import { isImage } from "../../session-files/file-kinds.ts";
import type { PastMessage, SessionFile } from "../turn-database.ts";

type Content = Responses.ResponseInputContent;

/** Finds a ready file of the session by Parley's id. */
export type FileById = (id: string) => SessionFile | undefined;

/** OpenAI needs a text, also for a message that has only files. */
const ONLY_FILES = "See the attached files.";
/**
 * Tokens that an image may take in the context window: an image of high detail on models that count tiles.
 * Source: https://developers.openai.com/api/docs/guides/images-vision
 */
const IMAGE_TOKENS = 1_500;

/** Returns a message as the model is shown it: its text, the names of its files, and its images. */
export function buildInput(message: PastMessage, fileOf: FileById): Responses.EasyInputMessage {
  const { sender } = message;
  if (sender === "assistant") return { role: sender, content: readText(message) };
  const files = message.file_ids.flatMap((id) => fileOf(id) ?? []);
  const names = files.filter((file) => !isImage(file.file_type)).map(({ file_name }) => file_name);
  const attached = names.map((name) => `[Attached file: ${name}]`);
  const text = [readText(message), ...attached].filter((block) => block.trim() !== "").join("\n\n");
  return {
    role: sender,
    content: [
      { type: "input_text", text: text === "" ? ONLY_FILES : text },
      ...files.filter((file) => isImage(file.file_type)).map(imageContent),
    ],
  };
}

function imageContent({ openai_file_id }: SessionFile): Content {
  return { type: "input_image", file_id: openai_file_id, detail: "auto" };
}

/** Returns the text of a message. The blocks of a reply are paragraphs of their own, as the user sees them. */
function readText({ parts, content }: PastMessage): string {
  const blocks = parts.flatMap((part) =>
    part.type === "text" && typeof part.text === "string" && part.text !== "" ? [part.text] : []
  );
  return blocks.length > 0 ? blocks.join("\n\n") : content;
}

/**
 * Estimates the tokens of a message, rather too many than too few: three bytes a token hold for English with room to
 * spare, and for scripts in which a character takes three bytes.
 */
export function estimateTokens({ content }: Responses.EasyInputMessage): number {
  if (typeof content === "string") return textTokens(content);
  return content.reduce(
    (sum, part) => sum + (part.type === "input_text" ? textTokens(part.text) : IMAGE_TOKENS),
    0,
  );
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
  history: readonly Responses.EasyInputMessage[],
  tokens: number,
): Responses.EasyInputMessage[] {
  let left = tokens;
  let from = history.length;
  for (let index = history.length - 1; index >= 0; index -= 1) {
    const message = history[index];
    if (!message || (left -= estimateTokens(message)) < 0) break;
    if (message.role === "user") from = index;
  }
  return history.slice(from);
}
