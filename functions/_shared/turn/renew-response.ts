import type { Responses } from "openai/resources/responses/responses";
import { saysStoreLost } from "../openai/store-lost.ts";
import type { BegunResponse } from "./request/begin-response.ts";

type StreamEvent = Responses.ResponseStreamEvent;

/**
 * Yields the events of a response. If the response fails because of its vector store before any output, `renew` begins
 * it again, and the new events follow. If `renew` returns null, the failure stays.
 */
export async function* withRenewal(
  events: BegunResponse["events"],
  renew: () => Promise<BegunResponse["events"] | null>,
): AsyncGenerator<StreamEvent> {
  let isBegun = false;
  for await (const event of events) {
    const renewed = !isBegun && isStoreFailure(event) ? await renew() : null;
    if (renewed) {
      yield* renewed;
      return;
    }
    isBegun ||= event.type === "response.output_item.added";
    yield event;
  }
}

function isStoreFailure(event: StreamEvent): boolean {
  if (event.type === "error") return saysStoreLost(event.message);
  return event.type === "response.failed" && saysStoreLost(event.response.error?.message ?? "");
}
