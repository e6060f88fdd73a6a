import type { Responses } from "openai/resources/responses/responses";

type Event = Responses.ResponseStreamEvent;
type Unnumbered = Event extends infer E ? E extends Event ? Omit<E, "sequence_number"> : never
  : never;

/**
 * Returns the events that a stored response would have streamed, with each text in one piece. A recovered reply is
 * therefore the same as a streamed one. A cancelled response has no terminal event, as in OpenAI's stream.
 */
export function responseEvents(response: Responses.Response): Event[] {
  const events: Unnumbered[] = [
    { type: "response.created", response },
    ...response.output.flatMap(itemEvents),
    ...terminalEvent(response),
  ];
  return events.map((event, index) => ({ ...event, sequence_number: index }));
}

function itemEvents(item: Responses.ResponseOutputItem, output_index: number): Unnumbered[] {
  const content: Unnumbered[] = item.type === "message"
    ? item.content.flatMap((part, index) => contentEvents(item.id, output_index, part, index))
    : item.type === "reasoning"
    ? item.summary.flatMap((part, index) => summaryEvents(item.id, output_index, part, index))
    : [];
  return [
    { type: "response.output_item.added", output_index, item },
    ...content,
    { type: "response.output_item.done", output_index, item },
  ];
}

function contentEvents(
  item_id: string,
  output_index: number,
  part: Responses.ResponseOutputMessage["content"][number],
  content_index: number,
): Unnumbered[] {
  const place = { item_id, output_index, content_index };
  const said: Unnumbered[] = part.type === "refusal"
    ? [{ type: "response.refusal.delta", ...place, delta: part.refusal }]
    : [
      { type: "response.output_text.delta", ...place, delta: part.text, logprobs: [] },
      ...part.annotations.map((annotation, annotation_index) => ({
        type: "response.output_text.annotation.added" as const,
        ...place,
        annotation_index,
        annotation,
      })),
    ];
  return [
    { type: "response.content_part.added", ...place, part },
    ...said,
    { type: "response.content_part.done", ...place, part },
  ];
}

function summaryEvents(
  item_id: string,
  output_index: number,
  part: Responses.ResponseReasoningItem.Summary,
  summary_index: number,
): Unnumbered[] {
  const place = { item_id, output_index, summary_index };
  return [
    { type: "response.reasoning_summary_part.added", ...place, part },
    { type: "response.reasoning_summary_text.delta", ...place, delta: part.text },
    { type: "response.reasoning_summary_part.done", ...place, part },
  ];
}

function terminalEvent(response: Responses.Response): Unnumbered[] {
  switch (response.status) {
    case "completed":
      return [{ type: "response.completed", response }];
    case "incomplete":
      return [{ type: "response.incomplete", response }];
    case "failed":
      return [{ type: "response.failed", response }];
    default:
      return [];
  }
}
