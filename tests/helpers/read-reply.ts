import type { UIMessageChunk } from "ai";

/** A streamed reply as a client holds it at the end. */
export interface ReadReply {
  /** `aborted` if the turn was stopped. A reply that breaks off, or ends in an error, throws. */
  end: "finished" | "aborted";
  text: string;
  /** The number of cited sources. */
  sources: number;
}

/** What a client does while it reads a reply. */
export interface ReadOptions {
  /** Called once, with the first text. */
  onText?: () => void;
  /** Disconnects after the first text. */
  leaves?: boolean;
}

/** The reply ended in an error; `code` is the code that clients see. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  readonly code: string;

  constructor(code: string) {
    super(`the reply ended with ${code}`);
    this.code = code;
  }
}

/**
 * Reads a UI message stream to its end, as `useChat` does. Returns null if the client disconnected. Throws a
 * ReplyError.
 */
export async function readReply(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { onText, leaves = false }: ReadOptions = {},
): Promise<ReadReply | null> {
  const reply = { text: "", sources: 0 };
  for await (const chunk of readChunks(body)) {
    switch (chunk.type) {
      case "text-delta":
        if (reply.text === "") onText?.();
        reply.text += chunk.delta;
        // Leaving the loop cancels the body, which closes the socket.
        if (leaves) return null;
        break;
      case "source-document":
        reply.sources += 1;
        break;
      case "finish":
        return { ...reply, end: "finished" };
      case "abort":
        return { ...reply, end: "aborted" };
      case "error":
        throw new ReplyError(readCode(chunk.errorText));
    }
  }
  throw new ReplyError("broken_off");
}

async function* readChunks(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<UIMessageChunk> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + text).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      if (frame.startsWith("data: {")) yield JSON.parse(frame.slice("data: ".length));
    }
  }
}

function readCode(errorText: string): string {
  return String(JSON.parse(errorText).code);
}
