import type { ReplyChunk } from "./ui-message.ts";

type Chunk<Type> = Extract<ReplyChunk, { type: Type }>;
type TextChunk = Chunk<
  "text-start" | "text-delta" | "text-end" | "reasoning-start" | "reasoning-delta" | "reasoning-end"
>;

/** A text that the caller has, and how far the present reading of the reply has come in it. */
interface Text {
  /** The id that the caller knows. A stored reply has other ids. */
  id: string;
  length: number;
  read: number;
  isEnded: boolean;
}

/**
 * Remembers what the caller has of a reply. A joined reply comes again from its beginning, perhaps in larger pieces:
 * `take` returns only what is new.
 */
export class PassedChunks {
  /** The id of the reply, once known. */
  messageId: string | undefined;
  readonly #texts = new Map<string, Text>();
  readonly #counts = new Map<string, number>();
  /** The names of the open texts in the present reading, by their ids in it. */
  #names = new Map<string, string>();
  #read = new Map<string, number>();

  /** Begins another reading of the same reply. */
  rewind(): void {
    this.#names = new Map();
    this.#read = new Map();
    for (const text of this.#texts.values()) text.read = 0;
  }

  /** Returns what the caller does not have of a chunk; null if that is nothing. */
  take(chunk: ReplyChunk): ReplyChunk | null {
    if (chunk.type === "start") this.messageId = chunk.messageId;
    if (isText(chunk)) return this.#takeText(chunk);
    const key = keyOf(chunk);
    return this.#next(key) > (this.#counts.get(key) ?? 0) ? this.#count(key, chunk) : null;
  }

  #count(key: string, chunk: ReplyChunk): ReplyChunk {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return chunk;
  }

  /** Returns the number of such chunks in the present reading, this one included. */
  #next(key: string): number {
    const count = (this.#read.get(key) ?? 0) + 1;
    this.#read.set(key, count);
    return count;
  }

  #takeText(chunk: TextChunk): ReplyChunk | null {
    const kind = chunk.type.startsWith("text") ? "text" : "reasoning";
    const open = `${kind}:${chunk.id}`;
    if (chunk.type === "text-start" || chunk.type === "reasoning-start") {
      // Texts keep their order, so the third text of a reading is the third text of the reply.
      const name = `${kind}:${this.#next(kind)}`;
      this.#names.set(open, name);
      if (this.#texts.has(name)) return null;
      this.#texts.set(name, { id: chunk.id, length: 0, read: 0, isEnded: false });
      return chunk;
    }
    const text = this.#texts.get(this.#names.get(open) ?? "");
    return text ? takeFrom(text, chunk) : chunk;
  }
}

function takeFrom(
  text: Text,
  chunk: Exclude<TextChunk, Chunk<"text-start" | "reasoning-start">>,
): ReplyChunk | null {
  if (!("delta" in chunk)) {
    if (text.isEnded) return null;
    text.isEnded = true;
    return { ...chunk, id: text.id };
  }
  const start = text.length - text.read;
  text.read += chunk.delta.length;
  if (text.read <= text.length) return null;
  text.length = text.read;
  return { ...chunk, id: text.id, delta: chunk.delta.slice(start) };
}

function isText(chunk: ReplyChunk): chunk is TextChunk {
  return /^(text|reasoning)-(start|delta|end)$/.test(chunk.type);
}

/** Returns what two readings of the same chunk have in common. */
function keyOf(chunk: ReplyChunk): string {
  if ("toolCallId" in chunk) return chunk.type + chunk.toolCallId;
  if ("sourceId" in chunk) return chunk.type + chunk.sourceId;
  if ("url" in chunk) return chunk.type + chunk.url;
  return chunk.type === "start" ? chunk.type : JSON.stringify(chunk);
}
