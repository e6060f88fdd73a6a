import { DefaultChatTransport, type UIMessageChunk } from "ai";
import { createUiStream, UI_STREAM_HEADERS } from "../../../functions/chat/ui-stream.ts";
import { TestChat } from "../../helpers/test-chat.ts";

/** Returns what `useChat` holds after reading these chunks through Parley's own encoder. */
export async function readWithClient(chunks: UIMessageChunk[]) {
  const stream = createUiStream();
  chunks.forEach((chunk) => stream.write(chunk));
  stream.close();
  const answer = new Response(stream.body, { headers: UI_STREAM_HEADERS });
  const chat = new TestChat({
    transport: new DefaultChatTransport({
      api: "http://parley.test/chat",
      fetch: () => Promise.resolve(answer),
    }),
  });
  await chat.sendMessage({ text: "Hello" });
  return { message: chat.lastMessage, error: chat.error, localCalls: chat.localCalls };
}
