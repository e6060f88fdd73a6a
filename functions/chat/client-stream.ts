import type { UIMessageChunk } from "ai";
import { publicErrorText } from "../_shared/openai/public-errors.ts";
import { createUiStream, UI_STREAM_HEADERS } from "./ui-stream.ts";

/** The body of a streamed reply, and the pen that writes it. */
export interface ClientStream {
  body: ReadableStream<Uint8Array>;
  headers: typeof UI_STREAM_HEADERS;
  send(chunk: UIMessageChunk): void;
  close(): void;
}

/**
 * Opens a stream that ends by itself before the platform would end it: the client is told to reload, and joins the
 * reply, which goes on without it.
 */
export function openClientStream(seconds: number): ClientStream {
  const stream = createUiStream({ onDetach: () => clearTimeout(limit) });
  const limit = setTimeout(() => {
    stream.write({ type: "error", errorText: publicErrorText("still_generating") });
    stream.close();
  }, seconds * 1000);
  return {
    body: stream.body,
    headers: UI_STREAM_HEADERS,
    send: stream.write,
    close() {
      clearTimeout(limit);
      stream.close();
    },
  };
}
