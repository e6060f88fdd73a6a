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

  function send(frame: string): void {
    clearTimeout(keepAlive);
    client?.enqueue(encoder.encode(`${frame}\n\n`));
    keepAlive = client && setTimeout(send, keepAliveMs, ": keep-alive");
  }

  function detach(): void {
    clearTimeout(keepAlive);
    client = undefined;
  }

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      client = controller;
      keepAlive = setTimeout(send, keepAliveMs, ": keep-alive");
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
