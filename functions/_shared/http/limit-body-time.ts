import { AppError } from "./errors.ts";

/** How long a client may take over a body, in milliseconds. */
export interface BodyTime {
  /** Without sending anything. */
  silence: number;
  /** From the first read to the last byte. */
  total: number;
}

/** A request whose body fails with `request_timeout` where the client takes longer; time counts while somebody reads. */
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
        // Whoever waits for the body has been told; the connection is the server's to end.
        source.cancel().catch(() => {});
      }
    },
    cancel: (reason) => source.cancel(reason),
  }, { highWaterMark: 0 });
  // `duplex` is what streamed bodies need; the DOM's types do not know it.
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
