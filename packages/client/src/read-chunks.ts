import { createParser } from "eventsource-parser";
import { ParleyError } from "./errors.ts";
import type { ReplyChunk } from "./ui-message.ts";

/** Parley sends a comment every 15 seconds of silence, so a line that is silent for longer is dead. */
const SILENCE_MS = 45_000;

/** Returns the failure of a line that ended before its reply did. */
export function cutLine(): ParleyError {
  const message = "The connection was cut. Load the chat again to read the reply.";
  return new ParleyError({ code: "network_error", message, status: null, details: null });
}

/** Reads the chunks of an event stream. Throws when the line is cut or silent. */
export async function* readChunks(
  { body }: Response,
  silenceMs: number = SILENCE_MS,
): AsyncGenerator<ReplyChunk, void, undefined> {
  if (!body) return;
  const waiting: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => void waiting.push(data) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await withLimit(reader.read(), silenceMs);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      for (const data of waiting.splice(0)) if (data !== "[DONE]") yield JSON.parse(data);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function withLimit<Result>(work: Promise<Result>, milliseconds: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(cutLine()), milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
