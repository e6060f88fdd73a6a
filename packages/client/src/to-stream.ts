import type { Reply } from "./open-reply.ts";

/** Returns the stream of a reply. Cancelling it disconnects. */
export function toStream({ chunks, leave }: Reply): ReadableStream<
  typeof chunks extends AsyncGenerator<infer Chunk> ? Chunk : never
> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: leave,
  });
}
