import type {
  DynamicToolUIPart,
  ReasoningUIPart,
  TextUIPart,
  ToolUIPart,
  UIMessage,
  UIMessageChunk,
} from "ai";
import { mergeMetadata } from "./merge-metadata.ts";

type Part = UIMessage["parts"][number];
type TextLike = TextUIPart | ReasoningUIPart;
type Call = ToolUIPart | DynamicToolUIPart;
type Chunk<Type> = Extract<UIMessageChunk, { type: Type }>;
type DataChunk = Chunk<`data-${string}`>;

/** The assistant's message, built from the chunks so far. */
export interface PartsReducer {
  /** The id of the message. */
  readonly id: string;
  /** The parts, ready for the database. */
  readonly parts: Part[];
  /** All message metadata so far, merged; `undefined` while there is none. */
  readonly metadata: unknown;
  /** The text parts, joined. */
  readonly text: string;
  /** Adds a chunk. Throws where the client would throw, and for chunks that Parley never sends. */
  push(chunk: UIMessageChunk): void;
}

/**
 * Creates a reducer that builds `UIMessage.parts` from chunks exactly as the client of `ai` does. The stored message
 * therefore equals the one on screen; a conformance test compares the two. `parts` are those of a reply that goes on.
 */
export function createPartsReducer(messageId: string, parts: readonly Part[] = []): PartsReducer {
  return new MessageFold(messageId, parts);
}

class MessageFold implements PartsReducer {
  id: string;
  metadata: unknown;
  readonly parts: Part[];
  readonly #open = new Map<string, TextLike>();

  constructor(messageId: string, parts: readonly Part[]) {
    this.id = messageId;
    this.parts = [...parts];
  }

  get text(): string {
    return this.parts.map((part) => part.type === "text" ? part.text : "").join("");
  }

  push(chunk: UIMessageChunk): void {
    switch (chunk.type) {
      case "start":
        this.id = chunk.messageId ?? this.id;
        return this.#addMetadata(chunk.messageMetadata);
      case "message-metadata":
      case "finish":
        return this.#addMetadata(chunk.messageMetadata);
      case "start-step":
        return this.#add({ type: "step-start" });
      case "text-start":
      case "reasoning-start":
        return this.#startText(chunk);
      case "text-delta":
      case "reasoning-delta":
        return this.#extendText(chunk);
      case "text-end":
      case "reasoning-end":
        return this.#endText(chunk);
      case "source-url":
      case "source-document":
      case "file":
        return this.#add({ ...chunk });
      case "tool-input-available":
        return this.#putCall(chunk);
      case "tool-output-available":
      case "tool-output-error":
        return this.#settleCall(chunk);
      case "tool-approval-request":
        return this.#changeCall(chunk.toolCallId, {
          state: "approval-requested",
          approval: { id: chunk.approvalId },
        });
      case "tool-approval-response":
        return this.#changeCall(this.#findApproval(chunk.approvalId), {
          state: "approval-responded",
          approval: {
            id: chunk.approvalId,
            approved: chunk.approved,
            ...(chunk.reason !== undefined && { reason: chunk.reason }),
          },
        });
      case "tool-output-denied":
        return this.#changeCall(chunk.toolCallId, { state: "output-denied" });
      case "finish-step":
      case "error":
      case "abort":
        return;
      default:
        if (!isDataChunk(chunk)) throw new Error(`Parley sends no ${chunk.type} chunks.`);
        return this.#putData(chunk);
    }
  }

  #add(part: Part): void {
    this.parts.push(part);
  }

  #addMetadata(metadata: unknown): void {
    this.metadata = mergeMetadata(this.metadata, metadata);
  }

  #startText({ type, id, providerMetadata }: Chunk<"text-start" | "reasoning-start">): void {
    const content = { text: "", providerMetadata, state: "streaming" as const };
    const part: TextLike = type === "text-start"
      ? { type: "text", ...content }
      : { type: "reasoning", id, ...content };
    this.#open.set(openKey(part.type, id), part);
    this.#add(part);
  }

  #extendText(chunk: Chunk<"text-delta" | "reasoning-delta">): void {
    const part = this.#openPart(chunk.type === "text-delta" ? "text" : "reasoning", chunk.id);
    part.text += chunk.delta;
    part.providerMetadata = chunk.providerMetadata ?? part.providerMetadata;
  }

  #endText(chunk: Chunk<"text-end" | "reasoning-end">): void {
    const part = this.#openPart(chunk.type === "text-end" ? "text" : "reasoning", chunk.id);
    part.state = "done";
    part.providerMetadata = chunk.providerMetadata ?? part.providerMetadata;
    this.#open.delete(openKey(part.type, chunk.id));
  }

  #openPart(type: TextLike["type"], id: string): TextLike {
    const part = this.#open.get(openKey(type, id));
    if (!part) throw new Error(`The ${type} part ${id} is not open.`);
    return part;
  }

  /** Adds a call. A call may send its input twice in a step; the second input replaces the first. */
  #putCall(chunk: Chunk<"tool-input-available">): void {
    const stepStart = this.parts.findLastIndex((part) => part.type === "step-start");
    const index = this.#findCall(chunk.toolCallId, stepStart + 1);
    const earlier = this.#callAt(index);
    const content = {
      toolCallId: chunk.toolCallId,
      state: "input-available" as const,
      input: chunk.input,
      providerExecuted: chunk.providerExecuted ?? earlier?.providerExecuted,
      callProviderMetadata: chunk.providerMetadata ?? earlier?.callProviderMetadata,
    };
    const call: Call = chunk.dynamic
      ? { type: "dynamic-tool", toolName: chunk.toolName, ...content }
      : { type: `tool-${chunk.toolName}`, ...content };
    this.parts.splice(earlier ? index : this.parts.length, 1, call);
  }

  #settleCall(chunk: Chunk<"tool-output-available" | "tool-output-error">): void {
    const index = this.#findCall(chunk.toolCallId, 0);
    const call = this.#callAt(index);
    if (!call) throw new Error(`There is no tool call ${chunk.toolCallId}.`);
    const content = {
      toolCallId: call.toolCallId,
      input: call.input,
      providerExecuted: chunk.providerExecuted ?? call.providerExecuted,
      callProviderMetadata: call.callProviderMetadata,
      resultProviderMetadata: chunk.providerMetadata,
      ...("approval" in call && { approval: call.approval }),
      ...readResult(chunk),
    };
    // Only an approved call has a result, which the types of the fields cannot say.
    this.parts[index] =
      (call.type === "dynamic-tool"
        ? { type: call.type, toolName: call.toolName, ...content }
        : { type: call.type, ...content }) as Call;
  }

  /** Changes the state of a call. The type of a part does not follow its states, but the client's does neither. */
  #changeCall(toolCallId: string, change: { state: Call["state"]; approval?: unknown }): void {
    const index = this.#findCall(toolCallId, 0);
    const call = this.#callAt(index);
    if (!call) throw new Error(`There is no tool call ${toolCallId}.`);
    this.parts[index] = { ...call, ...change } as Call;
  }

  #findApproval(approvalId: string): string {
    return this.parts.find((part): part is Call => isCall(part) && part.approval?.id === approvalId)
      ?.toolCallId ?? "";
  }

  #findCall(toolCallId: string, from: number): number {
    return this.parts.findLastIndex((part, index) =>
      index >= from && isCall(part) && part.toolCallId === toolCallId
    );
  }

  #callAt(index: number): Call | undefined {
    const part = this.parts[index];
    return part && isCall(part) ? part : undefined;
  }

  #putData(chunk: DataChunk): void {
    if (chunk.transient) return;
    const earlier = chunk.id === undefined
      ? undefined
      : this.parts.find((part) =>
        isDataPart(part) && part.type === chunk.type && part.id === chunk.id
      );
    if (earlier && isDataPart(earlier)) earlier.data = chunk.data;
    else this.#add({ ...chunk });
  }
}

function readResult(chunk: Chunk<"tool-output-available" | "tool-output-error">) {
  return chunk.type === "tool-output-available"
    ? { state: "output-available" as const, output: chunk.output }
    : { state: "output-error" as const, errorText: chunk.errorText };
}

function openKey(type: TextLike["type"], id: string): string {
  return `${type}:${id}`;
}

function isCall(part: Part): part is Call {
  return part.type === "dynamic-tool" || part.type.startsWith("tool-");
}

function isDataChunk(chunk: UIMessageChunk): chunk is DataChunk {
  return chunk.type.startsWith("data-");
}

function isDataPart(part: Part): part is Extract<Part, { type: `data-${string}` }> {
  return part.type.startsWith("data-");
}
