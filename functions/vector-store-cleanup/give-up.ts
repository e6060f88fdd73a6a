import type OpenAI from "openai";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";

/** The result of `work`; rejects with the signal's reason when that comes first. What is under way then ends by itself. */
export async function giveUp<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const end = () => reject(signal.reason);
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", end);
  }
}

/** OpenAI and Storage, whose answers nobody waits for after the signal. */
export function limitServices(
  { openai, storage }: { openai: OpenAI; storage: FileStorage },
  signal: AbortSignal,
): { openai: OpenAI; storage: FileStorage } {
  return {
    openai: openai.withOptions({
      fetch: (url, init) =>
        fetch(url, {
          ...init,
          signal: init?.signal ? AbortSignal.any([init.signal, signal]) : signal,
        }),
    }),
    storage: { ...storage, open: (path) => giveUp(storage.open(path), signal) },
  };
}
