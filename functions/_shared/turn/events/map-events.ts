import type { UIMessageChunk } from "ai";
import type { Responses } from "openai/resources/responses/responses";
import type { StreamEvent } from "../../openai/read-events.ts";
import { certainLength, restoreNames } from "../../openai/file-marker.ts";
import { callInputChunk, callResultChunk, toolCallChunks } from "./call-chunks.ts";
import type { IgnoredEvent } from "./ignored-events.ts";
import { type MadeFile, readCodeFile, readImage } from "./map-made-files.ts";
import { readOutcome, type TurnOutcome } from "./map-outcome.ts";
import { type Annotation, type FindFile, mapSource } from "./map-sources.ts";
import { readProviderCall, readToolCall, type ToolCall } from "./map-tools.ts";

type PartKind = "text" | "reasoning";

/** The options of an event mapper. */
export interface EventMapperOptions {
  /** Finds the stored file for an OpenAI file id. */
  findFile?: FindFile;
  /** Called once for each file that the model made, as soon as it is complete. */
  onMade?: (file: MadeFile) => void;
}

/** Maps the events of one response to chunks, and keeps the values that settling the turn needs. */
export interface EventMapper {
  /** OpenAI's id of the response, once known. */
  readonly responseId: string | undefined;
  /** The model of the response, once known. */
  readonly model: string | undefined;
  /** The number of the last event, -1 before the first: `starting_after` of the next connection. */
  readonly lastSequence: number;
  /** How the response ended; `undefined` until a terminal event. */
  readonly outcome: TurnOutcome | undefined;
  /** The calls that must be answered before the model goes on, in their order. */
  readonly calls: readonly ToolCall[];
  /** Returns the chunks of an event; none for an event that is repeated, ignored, unknown or after the end. */
  push(event: StreamEvent): UIMessageChunk[];
  /**
   * Returns what a response that has ended has beyond the events so far, and its end. The outcome is then known. A
   * reply that is read from the stored response alone equals a streamed one.
   */
  fold(response: Responses.Response): UIMessageChunk[];
  /** Returns chunks that end all open parts; none when called again. */
  close(): UIMessageChunk[];
}

/** A part of the reply, and how much of its text has arrived. */
interface SentPart {
  kind: PartKind;
  length: number;
  isOpen: boolean;
  /** The end of the text, while it may be the beginning of a file's name at OpenAI. */
  held: string;
}

/** The text for a tool call that was still open at the end of the reply. */
export const TOOL_INTERRUPTED_TEXT = "The tool call was interrupted.";

/** The text for a tool call that failed at OpenAI. */
export const TOOL_FAILED_TEXT = "The tool call failed.";

const REFUSAL = { providerMetadata: { openai: { refusal: true } } } as const;

/**
 * Creates a mapper for one reply. The same events always give the same chunks and ids, so a reply can be replayed to a
 * client that joins later. The caller adds `start` and the chunk that ends the message.
 */
export function createEventMapper(options: EventMapperOptions = {}): EventMapper {
  return new ResponseEventMapper(options);
}

class ResponseEventMapper implements EventMapper {
  responseId: string | undefined;
  model: string | undefined;
  lastSequence = -1;
  outcome: TurnOutcome | undefined;
  readonly calls: ToolCall[] = [];

  readonly #findFile: FindFile;
  readonly #onMade: (file: MadeFile) => void;
  readonly #madeIds = new Set<string>();
  readonly #parts = new Map<string, SentPart>();
  readonly #openCalls = new Set<string>();
  readonly #endedCalls = new Set<string>();
  readonly #citedSources = new Set<string>();
  #stepOpen = false;
  #refused = false;
  #closed = false;

  constructor({ findFile = () => undefined, onMade = () => {} }: EventMapperOptions) {
    this.#findFile = findFile;
    this.#onMade = onMade;
  }

  push(event: StreamEvent): UIMessageChunk[] {
    // A new response numbers its events from the start again.
    const isOther = event.type === "response.created" && event.response.id !== this.responseId;
    if (isOther) this.lastSequence = -1;
    if (this.#closed || event.sequence_number <= this.lastSequence) return [];
    this.lastSequence = event.sequence_number;
    return this.#map(event);
  }

  fold(response: Responses.Response): UIMessageChunk[] {
    if (this.#closed) return [];
    return [
      ...this.#begin(response),
      ...response.output.flatMap((item) => this.#foldItem(item)),
      ...this.#settle(readOutcome(response, this.#refused)),
    ];
  }

  close(): UIMessageChunk[] {
    const chunks: UIMessageChunk[] = [...this.#parts.keys()].flatMap((id) => this.#endPart(id));
    for (const toolCallId of this.#openCalls) {
      chunks.push(callResultChunk(toolCallId, { errorText: TOOL_INTERRUPTED_TEXT }));
    }
    if (this.#stepOpen) chunks.push({ type: "finish-step" });
    this.#openCalls.clear();
    this.#stepOpen = false;
    this.#closed = true;
    return chunks;
  }

  #map(event: StreamEvent): UIMessageChunk[] {
    switch (event.type) {
      case "response.created":
        return this.#begin(event.response);
      case "response.content_part.added":
        return this.#startContent(event);
      case "response.output_text.delta":
        return this.#addDelta("text", contentId(event), event.delta);
      case "response.refusal.delta":
        return this.#addRefusal(contentId(event), event.delta);
      case "response.content_part.done":
        return this.#endPart(contentId(event));
      case "response.output_text.annotation.added":
        return this.#cite(event.annotation);
      case "response.reasoning_summary_part.added":
        return this.#startPart("reasoning", summaryId(event));
      case "response.reasoning_summary_text.delta":
        return this.#addDelta("reasoning", summaryId(event), event.delta);
      case "response.reasoning_summary_part.done":
        return this.#endPart(summaryId(event));
      case "response.output_item.added":
        return this.#startCall(event.item);
      case "response.output_item.done":
        return this.#endCall(event.item);
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        return this.#settle(readOutcome(event.response, this.#refused));
      default:
        event satisfies IgnoredEvent; // At run time, a newer API may send other events.
        return [];
    }
  }

  #begin(response: Responses.Response): UIMessageChunk[] {
    this.responseId = response.id;
    this.model = response.model;
    if (this.#stepOpen) return [];
    this.#stepOpen = true;
    return [{ type: "start-step" }];
  }

  #settle(outcome: TurnOutcome): UIMessageChunk[] {
    this.outcome = outcome;
    return this.close();
  }

  #foldItem(item: Responses.ResponseOutputItem): UIMessageChunk[] {
    switch (item.type) {
      case "message":
        return item.content.flatMap((part, index) =>
          this.#foldContent(`${item.id}:${index}`, part)
        );
      case "reasoning":
        return item.summary.flatMap(({ text }, index) =>
          this.#foldText("reasoning", `${item.id}:${index}`, text)
        );
      default:
        return this.#endCall(item);
    }
  }

  #foldContent(
    id: string,
    part: Responses.ResponseOutputMessage["content"][number],
  ): UIMessageChunk[] {
    if (part.type === "refusal") {
      this.#refused = true;
      return this.#foldText("text", id, part.refusal, REFUSAL);
    }
    return [
      ...this.#foldText("text", id, part.text),
      ...part.annotations.flatMap((annotation) => this.#cite(annotation)),
    ];
  }

  /** Sends the rest of a text. An answer that OpenAI cut off when it cancelled may be shorter than its events. */
  #foldText(kind: PartKind, id: string, text: string, refusal?: typeof REFUSAL): UIMessageChunk[] {
    const sent = this.#parts.get(id);
    if (sent && !sent.isOpen) return [];
    return [
      ...this.#startPart(kind, id, refusal),
      ...this.#addDelta(kind, id, text.slice(sent?.length ?? 0), refusal),
    ];
  }

  #startContent(event: Responses.ResponseContentPartAddedEvent): UIMessageChunk[] {
    switch (event.part.type) {
      case "output_text":
        return this.#startPart("text", contentId(event));
      case "refusal":
        return this.#startPart("text", contentId(event), REFUSAL);
      default:
        return []; // Replies do not show raw reasoning.
    }
  }

  #startPart(kind: PartKind, id: string, refusal?: typeof REFUSAL): UIMessageChunk[] {
    if (this.#parts.has(id)) return [];
    this.#parts.set(id, { kind, length: 0, isOpen: true, held: "" });
    return [{ type: `${kind}-start`, id, ...refusal }];
  }

  #addDelta(
    kind: PartKind,
    id: string,
    delta: string,
    refusal?: typeof REFUSAL,
  ): UIMessageChunk[] {
    if (delta === "") return [];
    const start = this.#startPart(kind, id, refusal);
    const part = this.#parts.get(id);
    if (!part?.isOpen) return [];
    part.length += delta.length;
    const text = part.held + delta;
    const certain = certainLength(text);
    part.held = text.slice(certain);
    const shown = restoreNames(text.slice(0, certain));
    return shown === ""
      ? start
      : [...start, { type: `${kind}-delta`, id, delta: shown, ...refusal }];
  }

  #addRefusal(id: string, delta: string): UIMessageChunk[] {
    this.#refused = true;
    return this.#addDelta("text", id, delta, REFUSAL);
  }

  #endPart(id: string): UIMessageChunk[] {
    const part = this.#parts.get(id);
    if (!part?.isOpen) return [];
    part.isOpen = false;
    const rest = restoreNames(part.held);
    const end: UIMessageChunk = { type: `${part.kind}-end`, id };
    return rest === "" ? [end] : [{ type: `${part.kind}-delta`, id, delta: rest }, end];
  }

  #cite(annotation: Annotation): UIMessageChunk[] {
    this.#noteMade(readCodeFile(annotation));
    const source = mapSource(annotation, this.#findFile);
    if (!source || this.#citedSources.has(source.sourceId)) return [];
    this.#citedSources.add(source.sourceId);
    return [source];
  }

  #noteMade(file: MadeFile | undefined): void {
    if (!file || this.#madeIds.has(file.remoteId)) return;
    this.#madeIds.add(file.remoteId);
    this.#onMade(file);
  }

  #startCall(item: Responses.ResponseOutputItem): UIMessageChunk[] {
    const call = readProviderCall(item, this.#findFile);
    if (!call || call.isShown || this.#endedCalls.has(call.toolCallId)) return [];
    this.#openCalls.add(call.toolCallId);
    return [callInputChunk({ ...call, providerExecuted: true })];
  }

  /** Sends the input again, because a call does not have its queries yet when it begins. */
  #endCall(item: Responses.ResponseOutputItem): UIMessageChunk[] {
    this.#noteMade(readImage(item));
    const asked = readToolCall(item);
    if (asked) return this.#ask(asked);
    const call = readProviderCall(item, this.#findFile);
    if (!call || this.#endedCalls.has(call.toolCallId)) return [];
    const { toolCallId, output, failed } = call;
    const input = call.isShown ? [] : this.#startCall(item);
    this.#openCalls.delete(toolCallId);
    this.#endedCalls.add(toolCallId);
    const result = failed ? { errorText: TOOL_FAILED_TEXT } : { output };
    return [...input, callResultChunk(toolCallId, result)];
  }

  #ask(call: ToolCall): UIMessageChunk[] {
    if (this.#endedCalls.has(call.call_id)) return [];
    this.#endedCalls.add(call.call_id);
    this.calls.push(call);
    return toolCallChunks(call);
  }
}

function contentId(event: { item_id: string; content_index: number }): string {
  return `${event.item_id}:${event.content_index}`;
}

function summaryId(event: { item_id: string; summary_index: number }): string {
  return `${event.item_id}:${event.summary_index}`;
}
