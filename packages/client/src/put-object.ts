import { ParleyError, readError, readResponse } from "./errors.ts";
import type { CallOptions } from "./options.ts";

/** Tells whether this environment reports the progress of a request. `fetch` does not. */
export function canShowProgress(): boolean {
  return typeof XMLHttpRequest !== "undefined";
}

interface PutOptions extends CallOptions {
  onProgress?: ((share: number) => void) | undefined;
}

/** Puts bytes to a signed address of Storage, and reports the progress where that is possible. An abort ends it. */
export async function putObject(url: string, file: Blob, options: PutOptions): Promise<void> {
  // The bucket takes any file under this type. Parley detects the type by the content.
  const body = new Blob([file], { type: "application/octet-stream" });
  if (canShowProgress()) return await sendWithProgress(url, body, options);
  const response = await fetch(url, { method: "PUT", body, signal: options.signal ?? null })
    .catch((error: unknown) => {
      throw readError(error);
    });
  if (!response.ok) throw await readResponse(response);
}

function sendWithProgress(
  url: string,
  body: Blob,
  { signal, onProgress }: PutOptions,
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
    request.send(body);
  });
}
