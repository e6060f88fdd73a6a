import { describeError, type Log } from "../_shared/http/log.ts";

const BROKEN_OFF = "body broken off";

/**
 * Text as a body that is made as fast as its reader takes it, and no faster. What fails breaks the transfer off: half of
 * it must not look like the whole.
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
        // Whoever asked has gone meanwhile: nothing went wrong.
        if (!isWanted) return;
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      } catch (error) {
        if (!isWanted) return;
        log.error("export_failed", { request_id: requestId, ...describeError(error) });
        // The runtime prints what a body breaks off with: the line above says it in the form of all lines.
        controller.error(BROKEN_OFF);
      }
    },
    async cancel() {
      isWanted = false;
      await pieces.return(undefined);
    },
  }, { highWaterMark: 0 });
}
