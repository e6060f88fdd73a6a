import type * as ai7 from "ai";
import type * as ai6 from "ai6";
import { expectTypeOf, test } from "vitest";
import type {
  ParleyMessage,
  ParleyTransport,
  ReplyChunk,
  TextPart,
} from "../../../packages/client/src/index.ts";

test("messages, chunks and the transport fit into ai 6 and 7", () => {
  expectTypeOf<ParleyMessage>().toExtend<ai6.UIMessage>();
  expectTypeOf<ParleyMessage>().toExtend<ai7.UIMessage>();
  expectTypeOf<ReplyChunk>().toExtend<ai6.UIMessageChunk>();
  expectTypeOf<ReplyChunk>().toExtend<ai7.UIMessageChunk>();
  expectTypeOf<ParleyTransport>().toExtend<ai6.ChatTransport<ParleyMessage>>();
  expectTypeOf<ParleyTransport>().toExtend<ai7.ChatTransport<ParleyMessage>>();
  // An app may have a message type of its own.
  expectTypeOf<ParleyTransport>().toExtend<ai7.ChatTransport<ai7.UIMessage>>();
});

test("a part and a chunk are found by their type", () => {
  const parts: ParleyMessage["parts"] = [];
  const text = parts.find((part) => part.type === "text");
  expectTypeOf(text).toEqualTypeOf<TextPart | undefined>();

  const chunks: ReplyChunk[] = [];
  expectTypeOf(chunks.filter((chunk) => chunk.type === "text-delta").map(({ delta }) => delta))
    .toEqualTypeOf<string[]>();
});
