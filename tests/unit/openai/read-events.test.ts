import { expect, test } from "vitest";
import { readEvents, type StreamEvent } from "../../../functions/_shared/openai/read-events.ts";

const event = (sequence_number: number, delta = "") =>
  `event: response.output_text.delta\ndata: ${
    JSON.stringify({ type: "response.output_text.delta", sequence_number, delta })
  }\n\n`;
const error = (data: object) => `event: error\ndata: ${JSON.stringify(data)}\n\n`;

/** A response whose body arrives in these pieces. */
function arriving(...pieces: (string | Uint8Array)[]): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) {
        controller.enqueue(typeof piece === "string" ? encoder.encode(piece) : piece);
      }
      controller.close();
    },
  });
  return new Response(body);
}

/** Returns the numbers of the events, as they came together, and the error that ended them. */
async function read(response: Response) {
  const lists: number[][] = [];
  try {
    for await (const arrived of readEvents(response)) {
      lists.push(arrived.map(({ sequence_number }) => sequence_number));
    }
    return { lists };
  } catch (failure) {
    return { lists, failure };
  }
}

test("events that arrive together come together", async () => {
  const response = arriving(event(0) + event(1), event(2), "data: [DONE]\n\n");
  expect(await read(response)).toEqual({ lists: [[0, 1], [2]] });
});

test("an event may arrive in pieces, also within a character", async () => {
  const bytes = new TextEncoder().encode(event(0, "a 😀"));
  const cut = bytes.indexOf(0xf0) + 2;
  const texts: string[] = [];
  for await (const arrived of readEvents(arriving(bytes.slice(0, cut), bytes.slice(cut)))) {
    texts.push(...arrived.map((each: StreamEvent) => "delta" in each ? String(each.delta) : ""));
  }
  expect(texts).toEqual(["a 😀"]);
});

test.for(
  [
    ["flat", { type: "error", code: "server_error", message: "Broken.", param: null }],
    ["nested", { error: { code: "server_error", message: "Broken." } }],
    ["nested, with a type", { type: "error", error: { code: "server_error", message: "Broken." } }],
    ["without a type", { code: "server_error", message: "Broken." }],
  ] as const,
)("an error event that is %s is thrown after the events before it", async ([, data]) => {
  expect(await read(arriving(event(0) + error(data) + event(1)))).toMatchObject({
    lists: [[0]],
    failure: { code: "server_error", message: "Broken.", status: undefined },
  });
});

test("an event that is not JSON is thrown after the events before it", async () => {
  const { lists, failure } = await read(arriving(event(0) + "data: {\n\n"));
  expect(lists).toEqual([[0]]);
  expect(failure).toBeInstanceOf(SyntaxError);
});

test("a reader that leaves cancels the connection", async () => {
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode(event(0))),
    cancel: () => void (isCancelled = true),
  });
  for await (const _arrived of readEvents(new Response(body))) break;
  expect(isCancelled).toBe(true);
});
