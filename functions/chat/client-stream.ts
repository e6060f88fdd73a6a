import type { UIMessageChunk } from "ai";
import { publicErrorText } from "../_shared/openai/public-errors.ts";
import { createUiStream, UI_STREAM_HEADERS } from "./ui-stream.ts";

/** The body of a streamed reply, and the functions that write it. */
export interface ClientStream {
  body: ReadableStream<Uint8Array>;
  headers: typeof UI_STREAM_HEADERS;
  send(chunk: UIMessageChunk): void;
  close(): void;
}

/**
 * Opens a stream that ends after `seconds`, before the platform would end it. Its last chunk asks the client to reload.
 * The reply continues meanwhile, and the reloaded client joins it. Calls `onLeave` if the client disconnects.
 */
export function openClientStream(seconds: number, onLeave = () => {}): ClientStream {
  const onDetach = () => {
    clearTimeout(limit);
    onLeave();
  };
  const stream = createUiStream({ onDetach });
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
