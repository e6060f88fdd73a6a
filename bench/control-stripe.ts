import type { StackStatus } from "../local/stack/status.ts";

/** Does work `count` times, `atOnce` at a time. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Sends a command to the emulator of Stripe. */
export async function control(status: StackStatus, method: string, path: string, body?: unknown) {
  const response = await fetch(new URL(`/_emulator/${path}`, status.STRIPE_API_URL), {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  const answer: unknown = await response.json();
  return answer;
}
