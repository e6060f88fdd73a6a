import type { UIMessageChunk } from "ai";

/**
 * Headers of a UI message stream; `useChat` and proxies rely on them.
 * @see https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
 */
export const UI_STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache",
  "x-vercel-ai-ui-message-stream": "v1",
  "x-accel-buffering": "no",
} as const;

const encoder = new TextEncoder();

/** What `createUiStream` may be told. */
export interface UiStreamOptions {
  /** Milliseconds of silence (15,000) after which a comment keeps proxies from hanging up. */
  keepAliveMs?: number;
  /** Called once when the client goes away before `close`. */
  onDetach?: () => void;
}

/** A response body and the pen that writes it. */
export interface UiStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Whether a client can still receive what is written. */
  readonly attached: boolean;
  /** Sends one chunk; dropped silently when nobody is attached. */
  write(chunk: UIMessageChunk): void;
  /** Sends `[DONE]` and ends the body; later calls do nothing. */
  close(): void;
}

/**
 * Encodes chunks as server-sent events. The writer never waits for the client and is never
 * stopped by it: a reply outlives the socket that asked for it.
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
