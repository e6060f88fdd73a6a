import { NotFoundError } from "openai";
import type OpenAI from "openai";
import type { Responses } from "openai/resources/responses/responses";
import { expect, test } from "vitest";
import {
  type Follower,
  LostResponseError,
  PATIENCE,
  type ResponseConnection,
  ResponseReader,
} from "../../../functions/_shared/turn/follow-response.ts";
import { readEvents, type StreamEvent } from "../../../functions/_shared/openai/read-events.ts";

type Status = Responses.Response["status"];

/** Short enough for a test. The order of the times is that of `PATIENCE`. */
const SHORT: typeof PATIENCE = {
  ...PATIENCE,
  silenceMs: 30,
  reconnectMs: 1,
  pollMs: 2,
  unansweredMs: 60,
};

/** A reply that only counts. */
class FakeReply implements Follower {
  responseId: string | undefined = "resp_1";
  lastSequence = -1;
  isEnded = false;
  folded: Status[] = [];
  progressed = 0;
  isTooOldNow = false;

  push(event: StreamEvent) {
    this.lastSequence = event.sequence_number;
    this.isEnded = event.type === "response.completed";
  }
  fold({ status }: Responses.Response) {
    this.folded.push(status);
    this.isEnded = true;
  }
  progress() {
    this.progressed += 1;
  }
  isTooOld() {
    return this.isTooOldNow;
  }
}

/** What OpenAI answers to one question for the stored response. */
type Answer = Status | Error;

/** OpenAI with a stored response: its states, one after the other, and the connections that it offers. */
class FakeOpenAI {
  cancelled = 0;
  attached: number[] = [];
  readonly #answers: Answer[];
  readonly #connections: (StreamEvent[] | Error)[];

  constructor(answers: Answer[], connections: (StreamEvent[] | Error)[] = []) {
    this.#answers = answers;
    this.#connections = connections;
  }

  responses = {
    retrieve: (_id: string, query?: { stream: true; starting_after?: number }) => {
      if (!query) return this.#state();
      this.attached.push(query.starting_after ?? -1);
      const connection = this.#connections.shift() ?? [];
      const refusal = connection instanceof Error ? connection : undefined;
      const body = connection instanceof Error ? "" : encode(connection);
      return {
        asResponse: () => refusal ? Promise.reject(refusal) : Promise.resolve(new Response(body)),
      };
    },
    cancel: () => {
      this.cancelled += 1;
      return Promise.resolve({ status: "cancelled" });
    },
  };

  #state() {
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    return answer instanceof Error
      ? Promise.reject(answer)
      : Promise.resolve({ status: answer ?? "in_progress" });
  }
}

// Only the fields that the reader uses exist.
const event = (type: string, sequence_number: number) => ({ type, sequence_number }) as StreamEvent;

/** The body of a response that sends these events and ends. */
function encode(events: { type: string }[]): string {
  return events.map((each) => `event: ${each.type}\ndata: ${JSON.stringify(each)}\n\n`).join("");
}

/** A connection that sends these events and then stays open without a byte. */
function silentAfter(events: StreamEvent[]): ResponseConnection {
  const { promise, resolve } = Promise.withResolvers<void>();
  async function* send() {
    yield events;
    await promise;
  }
  return { events: send(), abort: resolve };
}

function read(openai: FakeOpenAI, reply: FakeReply, connection: ResponseConnection | null) {
  const reader = new ResponseReader(openai as unknown as OpenAI, reply, SHORT);
  return { reader, done: reader.read(connection) };
}

const connectionOf = (...events: { type: string }[]): ResponseConnection => ({
  events: readEvents(new Response(encode(events))),
  abort() {},
});
const created = event("response.created", 0);
const completed = event("response.completed", 1);

test("a stream with a terminal event needs no question", async () => {
  const reply = new FakeReply();
  const openai = new FakeOpenAI([new Error("not asked")]);

  await read(openai, reply, connectionOf(created, completed)).done;

  expect(reply.folded).toEqual([]);
});

test.for(
  [
    ["ends early", connectionOf(created)],
    ["is silent", silentAfter([created])],
    ["has an error event", connectionOf(created, { type: "error" }, completed)],
    ["was never attached", null],
  ] as const,
)("a stream that %s is completed from the stored response", async ([, connection]) => {
  const reply = new FakeReply();

  await read(new FakeOpenAI(["completed"]), reply, connection).done;

  expect(reply.folded).toEqual(["completed"]);
});

test("a stream that breaks is attached after its last event", async () => {
  const reply = new FakeReply();
  const openai = new FakeOpenAI(["in_progress"], [[completed]]);

  await read(openai, reply, connectionOf(created)).done;

  expect(openai.attached).toEqual([0]);
  expect(reply.progressed).toBe(1);
});

test("after a refused connection, only the stored response is asked", async () => {
  const reply = new FakeReply();
  const openai = new FakeOpenAI(
    ["in_progress", "in_progress", "in_progress", "incomplete"],
    [new Error("older than 5 minutes")],
  );

  await read(openai, reply, connectionOf(created)).done;

  expect(openai.attached).toHaveLength(1);
  expect(reply.folded).toEqual(["incomplete"]);
  expect(reply.progressed).toBe(3);
});

test("a response that never ends is attached five times and cancelled when it is too old", async () => {
  const reply = new FakeReply();
  const openai = new FakeOpenAI(["in_progress"]);
  const { done } = read(openai, reply, connectionOf(created));
  await expect.poll(() => reply.progressed, { interval: 1 }).toBeGreaterThan(8);
  reply.isTooOldNow = true;

  await done;

  expect(openai.attached).toHaveLength(5);
  expect(openai.cancelled).toBe(1);
  expect(reply.folded).toEqual(["cancelled"]);
});

test("a look ends the wait on a silent connection", async () => {
  const reply = new FakeReply();
  const openai = new FakeOpenAI(["cancelled"]);
  const reader = new ResponseReader(openai as unknown as OpenAI, reply, PATIENCE);
  const done = reader.read(silentAfter([created]));
  await expect.poll(() => reply.lastSequence).toBe(0);

  reader.look();
  await done;

  expect(reply.folded).toEqual(["cancelled"]);
});

test("an OpenAI that does not answer leaves the turn to recovery; a response that is gone is an error", async () => {
  const down = new FakeOpenAI([new Error("connection refused")]);
  await expect(read(down, new FakeReply(), null).done).rejects.toThrow(LostResponseError);

  const gone = new FakeOpenAI([new NotFoundError(404, {}, "gone", new Headers())]);
  await expect(read(gone, new FakeReply(), null).done).rejects.toThrow(NotFoundError);
});
