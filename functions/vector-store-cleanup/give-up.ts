import type OpenAI from "openai";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";

/**
 * Returns the result of `work`. Rejects with the signal's reason when the signal aborts first; `work` itself is not
 * interrupted.
 */
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

/** Returns OpenAI and Storage as services whose calls reject when the signal aborts. */
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
