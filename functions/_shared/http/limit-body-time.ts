import { AppError } from "./errors.ts";

/** The time that a client has to send a body, in milliseconds. */
export interface BodyTime {
  /** The longest time without a byte. */
  silence: number;
  /** From the first read to the last byte. */
  total: number;
}

/** A form may take as long as a hosted function lives: https://supabase.com/docs/guides/functions/limits */
export const BODY_TIME = {
  short: { silence: 20_000, total: 30_000 },
  form: { silence: 20_000, total: 400_000 },
} as const;

/** Returns a part of the time, above 0 and below 1, for tests that wait for its end. Other values give all of it. */
export function partOf({ silence, total }: BodyTime, part: string | undefined): BodyTime {
  const number = Number(part);
  const factor = number > 0 && number < 1 ? number : 1;
  return { silence: silence * factor, total: total * factor };
}

/** Returns a request whose body fails with `request_timeout` after the limits. The first read starts the time. */
export function limitBodyTime(request: Request, limits: BodyTime): Request {
  if (!request.body) return request;
  const source = request.body.getReader();
  let end: number | undefined;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      end ??= performance.now() + limits.total;
      const wait = Math.min(limits.silence, end - performance.now());
      try {
        const { done, value } = await within(wait, source.read());
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        // The reader of the body already has the error, and the server closes the connection.
        source.cancel().catch(() => {});
      }
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 });
  // Streamed bodies need `duplex`, which the DOM's types lack.
  const init: RequestInit & { duplex: "half" } = { body, duplex: "half" };
  return new Request(request, init);
}

async function within<Value>(milliseconds: number, work: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError("request_timeout")), Math.max(0, milliseconds));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
