import type { MessageInput } from "./message-schemas.ts";
import { newId } from "../new-id.ts";
import type { Item } from "../wire-types.ts";

/** Returns the items for the `input` of a request; a string becomes one message of the user. */
export function toItems(input: string | readonly MessageInput[]): Item[] {
  if (typeof input === "string") return [toItem({ role: "user", content: input })];
  return input.map(toItem);
}

function toItem(message: MessageInput): Item {
  const common = { id: newId("msg"), type: "message", status: "completed" } as const;
  if (message.role === "assistant") {
    const { role, content } = message;
    if (typeof content !== "string") return { ...common, role, content };
    return { ...common, role, content: [{ type: "output_text", text: content, annotations: [] }] };
  }
  const { role, content } = message;
  if (typeof content !== "string") return { ...common, role, content };
  return { ...common, role, content: [{ type: "input_text", text: content }] };
}
