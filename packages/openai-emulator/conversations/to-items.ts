import { newId } from "../new-id.ts";
import type { InputItem } from "../responses/item-schemas.ts";
import type { Item } from "../wire-types.ts";
import type { MessageInput } from "./message-schemas.ts";

/**
 * Returns the items for the `input` of a request; a string becomes one message of the user. A reference adds
 * nothing, because its item is stored already.
 */
export function toItems(input: string | readonly InputItem[]): Item[] {
  if (typeof input === "string") return [toMessage({ role: "user", content: input })];
  return input.flatMap((item) => {
    if (isMessage(item)) return toMessage(item);
    return item.type === "item_reference" ? [] : { ...item, id: item.id ?? newId("item") };
  });
}

function isMessage(item: InputItem): item is MessageInput {
  return item.type === undefined || item.type === "message";
}

function toMessage(message: MessageInput): Item {
  const common = { id: newId("msg"), type: "message", status: "completed" } as const;
  if (message.role === "assistant") {
    const { role, content, phase } = message;
    const parts = typeof content === "string" ? [toOutputText(content)] : content;
    return { ...common, role, content: parts, ...(phase && { phase }) };
  }
  const { role, content } = message;
  if (typeof content !== "string") return { ...common, role, content };
  return { ...common, role, content: [{ type: "input_text", text: content }] };
}

function toOutputText(text: string) {
  return { type: "output_text" as const, text, annotations: [], logprobs: [] };
}
