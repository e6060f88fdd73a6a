/**
 * Waits, at most until `end` resolves. Rejects at once with the reason of the signal when it is aborted. Leaves no
 * timer behind, which would keep a program alive.
 */
export function pause(
  milliseconds: number,
  signal?: AbortSignal,
  end?: Promise<void>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    if (signal?.aborted) return reject(signal.reason);
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
    void end?.then(finish);
  });
}
