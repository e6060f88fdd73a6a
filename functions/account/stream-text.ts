import { describeError, type Log } from "../_shared/http/log.ts";

const BROKEN_OFF = "body broken off";

/**
 * Returns a body that produces text only as fast as its reader consumes it. A failure breaks the transfer off, so that
 * the client cannot take an incomplete export for a complete one.
 */
export function streamText(
  pieces: AsyncGenerator<string>,
  log: Log,
  requestId: string,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let isWanted = true;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { value, done } = await pieces.next();
        // The client disconnected meanwhile, which is not an error.
        if (!isWanted) return;
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        if (!isWanted) return;
        log.error("export_failed", { request_id: requestId, ...describeError(error) });
        // The runtime prints this reason as it is. The log line above has the details.
        controller.error(BROKEN_OFF);
      }
    },
    async cancel() {
      isWanted = false;
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}
