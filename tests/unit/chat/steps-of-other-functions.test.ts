import { expect, test } from "vitest";
import { MadeFiles } from "../../../functions/_shared/turn/made-files.ts";
import { createReply } from "../../../functions/_shared/turn/reply.ts";
import { settleLeftTurn } from "../../../functions/_shared/turn/settle-left-turn.ts";
import type { TurnRow } from "../../../functions/_shared/turn/turn-database.ts";
import type { TurnRunPorts } from "../../../functions/_shared/turn/turn-ports.ts";
import { TurnRun } from "../../../functions/_shared/turn/turn-run.ts";
import { completed, created, itemDone, numbered } from "../../helpers/openai-events.ts";

const log = { info() {}, warn() {}, error() {} };

/** Ports that note which calls of the database are made. `findTurn` returns `row`. */
function fakePorts(row: Partial<TurnRow>) {
  const called: string[] = [];
  const answers: Record<string, unknown> = { findTurn: row, listToolCalls: [], listFiles: [] };
  const db = new Proxy({}, {
    get: (_, name: string) => () => {
      called.push(name);
      return Promise.resolve(answers[name] ?? null);
    },
  });
  // Nothing else is used.
  return { called, ports: { db, log, files: { log }, openai: {} } as unknown as TurnRunPorts };
}

test("a reader leaves the calls of a response to the function that can run them", async () => {
  const { called, ports } = fakePorts({ status: "complete" });
  const made = new MadeFiles(ports.files, { id: "turn", profileId: "profile" });
  const reply = createReply("reply", () => {}, () => undefined, made);
  const turn = { id: "turn", startedAt: new Date(), steps: 0, responseId: "resp_1" };
  const run = new TurnRun(ports, turn, reply, { isOwner: false });
  const call = { type: "function_call", call_id: "call_1", name: "f", arguments: "{}" } as const;
  const events = numbered([created(), itemDone(call), completed()]);

  await run.finish({
    events: (async function* () {
      yield events;
    })(),
    abort() {},
  });

  expect(called).toContain("findTurn");
  expect(called).not.toContain("storeStep");
  expect(called).not.toContain("settle");
});

test.for([
  { state: "runs its tools", progressed_at: new Date(), continues: false },
  { state: "has died", progressed_at: new Date(Date.now() - 20_000), continues: true },
])(
  "an event about a response goes on with the turn only if its function $state: $continues",
  async (
    { progressed_at, continues },
  ) => {
    const { called, ports } = fakePorts({
      id: "turn",
      status: "active",
      steps: 1,
      response_id: null,
      stop_requested_at: null,
      step_started_at: new Date().toISOString(),
      progressed_at: progressed_at.toISOString(),
    });

    await settleLeftTurn(ports, "turn");

    expect(called.includes("describeStep")).toBe(continues);
  },
);
