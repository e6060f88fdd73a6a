import { ParleyError, readError } from "./errors.ts";
import type { CallOptions } from "./options.ts";

/** Tells whether this environment reports the progress of a request. `fetch` does not. */
export function canShowProgress(): boolean {
  return typeof XMLHttpRequest !== "undefined";
}

/** Puts bytes to a signed address of Storage, and reports the progress. */
export function sendWithProgress(
  url: string,
  file: Blob,
  { signal, onProgress }: CallOptions & { onProgress?: ((share: number) => void) | undefined },
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(readError(signal.reason));
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => total > 0 && onProgress?.(loaded / total);
    request.onload = () => {
      if (request.status < 300) return resolve();
      const { code, message, details } = readError(request.responseText);
      reject(new ParleyError({ code, message, status: request.status, details }));
    };
    request.onerror = () => reject(readError(new TypeError("Failed to fetch")));
    request.onabort = () => reject(readError({ name: "AbortError" }));
    const abort = () => request.abort();
    signal?.addEventListener("abort", abort);
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    request.open("PUT", url);
    request.setRequestHeader("content-type", "application/octet-stream");
    request.send(file);
  });
}
