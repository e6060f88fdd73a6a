import type { Responses } from "openai/resources/responses/responses";
import { expect, test } from "vitest";
import { createEventMapper } from "../../../functions/_shared/turn/events/map-events.ts";
import { withRenewal } from "../../../functions/_shared/turn/renew-response.ts";

type StreamEvent = Responses.ResponseStreamEvent;

const LOST = "Vector store 'vs_1' has expired.";

/** Returns events with only the fields that the code reads. */
function events(...bodies: Record<string, unknown>[]): StreamEvent[] {
  return bodies.map((body, sequence_number) => ({ ...body, sequence_number }) as never);
}

async function* stream(all: StreamEvent[]) {
  yield* all;
}

const created = (id: string) => ({ type: "response.created", response: { id, model: "m" } });
const failed = (message: string) => ({
  type: "response.failed",
  response: { error: { code: "server_error", message } },
});
const item = { type: "response.output_item.added", item: { type: "message" } };
const completed = { type: "response.completed", response: {} };

async function run(first: StreamEvent[], renewed: StreamEvent[] | null) {
  let asked = 0;
  const all = withRenewal(stream(first), () => {
    asked += 1;
    return Promise.resolve(renewed && stream(renewed));
  });
  return { seen: await Array.fromAsync(all), asked };
}

test("a response that fails for its store before any output is requested once more, on the same mapper", async () => {
  const mapper = createEventMapper();
  const { seen, asked } = await run(
    events(created("resp_1"), failed(LOST)),
    events(created("resp_2"), completed),
  );
  const chunks = seen.flatMap((event) => mapper.push(event));

  expect(asked).toBe(1);
  expect(seen.map(({ type }) => type)).toEqual([
    "response.created",
    "response.created",
    "response.completed",
  ]);
  expect(chunks.map(({ type }) => type)).toEqual(["start-step", "finish-step"]);
  expect(mapper.responseId).toBe("resp_2");
  expect(mapper.outcome?.status).toBe("completed");
});

test("other failures, failures after output, and failures that cannot be repaired stay failures", async () => {
  for (
    const [first, expected] of [
      [events(created("resp_1"), failed("The server had an error.")), 0],
      [events(created("resp_1"), item, failed(LOST)), 0],
      [events(created("resp_1"), failed(LOST)), 1],
    ] as const
  ) {
    const { seen, asked } = await run(first, null);
    expect(seen).toEqual(first);
    expect(asked).toBe(expected);
  }
});
