import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { resumeTurn } from "../../../functions/chat/resume-turn.ts";
import type { TurnPorts } from "../../../functions/_shared/turn/turn-ports.ts";
import { watchTurn } from "../../../functions/_shared/turn/watch-turn.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const IDS = { responseId: "resp_1", threadId: "conv_1" };

/** A database that holds one turn, and can be down. */
class FakeDatabase {
  isDown = false;
  beats = 0;
  saved: typeof IDS | undefined;
  turn = {
    id: "turn_1",
    status: "active",
    response_id: null as string | null,
    assistant_message_id: "message_1",
  };

  heartbeat = (_id: string, ids?: typeof IDS) => {
    if (this.isDown) return Promise.reject(new Error("down"));
    this.beats += 1;
    this.saved = ids ?? this.saved;
    return Promise.resolve({ is_active: true, stop_requested_at: null });
  };
  findTurn = () => Promise.resolve(this.turn);
  findMessage = () => Promise.resolve(null);
}

function createPorts(db: FakeDatabase): TurnPorts {
  const log = { info() {}, warn() {}, error() {} };
  // Only the methods that a watch calls exist.
  return { db, log, openai: {} } as unknown as TurnPorts;
}

test("ids that could not be saved are saved once by a later heartbeat", async () => {
  const db = new FakeDatabase();
  const watch = watchTurn(createPorts(db), "turn_1");
  db.isDown = true;
  await watch.begin(IDS.responseId, IDS.threadId);
  expect(db.saved).toBeUndefined();

  db.isDown = false;
  await vi.advanceTimersByTimeAsync(6_000);

  expect(db.saved).toEqual(IDS);
  db.saved = undefined;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(db.saved).toBeUndefined();
  watch.end();
});

test("unsaved ids are saved before the turn is settled", async () => {
  const db = new FakeDatabase();
  const watch = watchTurn(createPorts(db), "turn_1");
  db.isDown = true;
  await watch.begin(IDS.responseId, IDS.threadId);
  db.isDown = false;

  await watch.save();
  await watch.save();

  expect(db.saved).toEqual(IDS);
  expect(db.beats).toBe(1);
  watch.end();
});

test("a client that waits for a turn whose function has died does not keep it alive", async () => {
  const db = new FakeDatabase();
  const sent: string[] = [];

  const resuming = resumeTurn(
    createPorts(db),
    db.turn as never,
    (chunk) => sent.push(chunk.type),
  );
  await vi.advanceTimersByTimeAsync(30_000);
  expect(db.beats).toBe(0);
  db.turn.status = "failed";
  await vi.advanceTimersByTimeAsync(1_000);
  await resuming;

  expect(sent).toEqual(["abort"]);
});
