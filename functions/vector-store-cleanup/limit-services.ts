import type OpenAI from "openai";
import { giveUp } from "../_shared/http/give-up.ts";
import type { FileStorage } from "../_shared/session-files/file-storage.ts";

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
