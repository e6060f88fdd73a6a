import type { UIMessageChunk } from "ai";

/**
 * The headers of a UI message stream. `useChat` and proxies rely on them.
 * @see https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
 */
export const UI_STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no",
} as const;

const encoder = new TextEncoder();

/**
 * The pause in milliseconds between two sends of text. Sending each word by itself takes most of the CPU time of a
 * stream, and 30 sends a second look the same.
 */
const TEXT_PAUSE_MS = 33;

/** The options of `createUiStream`. */
export interface UiStreamOptions {
  /** Milliseconds of silence after which a comment keeps proxies from disconnecting; 15,000 by default. */
  keepAliveMs?: number;
  /** Called once if the client disconnects before `close`. */
  onDetach?: () => void;
}

/** A response body and the functions that write it. */
export interface UiStream {
  readonly body: ReadableStream<Uint8Array>;
  /** True while a client can receive chunks. */
  readonly attached: boolean;
  /** Sends a chunk. Without a client, the chunk is dropped silently. */
  write(chunk: UIMessageChunk): void;
  /** Sends `[DONE]` and ends the body; later calls do nothing. */
  close(): void;
}

/**
 * Encodes chunks as server-sent events. The writer never waits for the client and does not fail when it disconnects, so
 * the reply continues without a client. Chunks that are written at the same moment are sent together, and so is text
 * that follows other text within `TEXT_PAUSE_MS`. The first text is sent at once.
 */
export function createUiStream({ keepAliveMs = 15_000, onDetach }: UiStreamOptions = {}): UiStream {
  let client: ReadableStreamDefaultController<Uint8Array> | undefined;
  let keepAlive: ReturnType<typeof setTimeout> | undefined;
  let writtenAt = 0;
  let waiting = "";
  let isFlushing = false;
  let textPause: ReturnType<typeof setTimeout> | undefined;
  let textSentAt = -Infinity;

  function add(frame: string): void {
    writtenAt = performance.now();
    waiting += `${frame}\n\n`;
  }

  function flush(): void {
    isFlushing = false;
    clearTimeout(textPause);
    textPause = undefined;
    if (waiting !== "") client?.enqueue(encoder.encode(waiting));
    waiting = "";
  }

  function flushSoon(): void {
    if (isFlushing) return;
    isFlushing = true;
    queueMicrotask(flush);
  }

  function flushText(): void {
    if (textPause !== undefined) return;
    const now = performance.now();
    const left = textSentAt + TEXT_PAUSE_MS - now;
    if (left > 0) {
      textSentAt += TEXT_PAUSE_MS;
      textPause = setTimeout(flush, left);
    } else {
      textSentAt = now;
      flushSoon();
    }
  }

  /** Waits for the rest of the silence. One timer for all chunks, because one for each costs more than its chunk. */
  function watchSilence(milliseconds: number): void {
    keepAlive = setTimeout(() => {
      const left = writtenAt + keepAliveMs - performance.now();
      if (left <= 0) {
        add(": keep-alive");
        flush();
      }
      watchSilence(left > 0 ? left : keepAliveMs);
    }, milliseconds);
  }

  function detach(): void {
    clearTimeout(keepAlive);
    clearTimeout(textPause);
    client = undefined;
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      client = controller;
      writtenAt = performance.now();
      watchSilence(keepAliveMs);
    },
    cancel() {
      if (!client) return;
      detach();
      onDetach?.();
    },
  });

  return {
    body,
    get attached() {
      return client !== undefined;
    },
    write(chunk) {
      if (!client) return;
      add(`data: ${JSON.stringify(chunk)}`);
      if (chunk.type === "text-delta" || chunk.type === "reasoning-delta") flushText();
      else flushSoon();
    },
    close() {
      if (!client) return;
      add("data: [DONE]");
      flush();
      client.close();
      detach();
    },
  };
}
