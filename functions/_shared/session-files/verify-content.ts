import { createSha256 } from "./create-sha256.ts";

/** The bytes in Storage are not the registered ones. */
export class ContentChangedError extends Error {
  override readonly name = "ContentChangedError";
}

/** Content that is verified while it is read. */
export interface VerifiedContent {
  /** Fails with a ContentChangedError before the last chunk, so that no reader receives a whole changed file. */
  stream: ReadableStream<Uint8Array>;
  /** Set when the bytes do not match. A request that sends the stream fails with an error of its own instead. */
  readonly failure: ContentChangedError | undefined;
}

/** Passes content on and compares it with its registered SHA-256, in lower-case hex. */
export function verifyContent(
  content: ReadableStream<Uint8Array>,
  sha256: string | null,
): VerifiedContent {
  const hashing = createSha256();
  let held: Uint8Array | undefined;
  let failure: ContentChangedError | undefined;
  const verifier = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, controller) {
      (await hashing).update(chunk);
      if (held) controller.enqueue(held);
      held = chunk;
    },
    async flush(controller) {
      if ((await hashing).digest("hex") !== sha256) throw failure = new ContentChangedError();
      if (held) controller.enqueue(held);
    },
  });
  return {
    stream: content.pipeThrough(verifier),
    get failure() {
      return failure;
    },
  };
}
