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
 * the reply continues without a client.
 */
export function createUiStream({ keepAliveMs = 15_000, onDetach }: UiStreamOptions = {}): UiStream {
  let client: ReadableStreamDefaultController<Uint8Array> | undefined;
  let keepAlive: ReturnType<typeof setTimeout> | undefined;
  let sentAt = 0;

  function send(frame: string): void {
    if (!client) return;
    sentAt = performance.now();
    client.enqueue(encoder.encode(`${frame}\n\n`));
  }

  /** Waits for the rest of the silence. One timer for all chunks, because one for each costs more than its chunk. */
  function watchSilence(milliseconds: number): void {
    keepAlive = setTimeout(() => {
      const left = sentAt + keepAliveMs - performance.now();
      if (left <= 0) send(": keep-alive");
      watchSilence(left > 0 ? left : keepAliveMs);
    }, milliseconds);
  }

  function detach(): void {
    clearTimeout(keepAlive);
    client = undefined;
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      client = controller;
      sentAt = performance.now();
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
    write: (chunk) => send(`data: ${JSON.stringify(chunk)}`),
    close() {
      send("data: [DONE]");
      client?.close();
      detach();
    },
  };
}
