import type { Responses } from "openai/resources/responses/responses";
import type { InputMessage, Item } from "../wire-types.ts";

/** The content of one message of the user. */
export interface UserTurn {
  text: string;
  images: number;
  files: number;
  /** The ids of uploaded images and files in the message. */
  fileIds: string[];
}

/** Returns the user's messages among `items`, in order. */
export function readUserTurns(items: readonly Item[]): UserTurn[] {
  return items.filter(isUserMessage).map((message) => ({
    text: contentText(message),
    images: message.content.filter(({ type }) => type === "input_image").length,
    files: message.content.filter(({ type }) => type === "input_file").length,
    fileIds: listFileIds(message),
  }));
}

/** Returns the ids of the uploaded files that a message refers to. */
export function listFileIds({ content }: InputMessage): string[] {
  return content.flatMap((part) => "file_id" in part && part.file_id ? part.file_id : []);
}

/** Returns all text of a message, without its images and files. */
export function contentText(message: InputMessage | Responses.ResponseOutputMessage): string {
  return message.content.map(partText).join("");
}

type Part = (InputMessage | Responses.ResponseOutputMessage)["content"][number];

function partText(part: Part): string {
  if ("text" in part) return part.text;
  return "refusal" in part ? part.refusal : "";
}

/** Returns whether an item is a message of the user. */
export function isUserMessage(item: Item): item is InputMessage {
  return item.type === "message" && item.role === "user";
}
