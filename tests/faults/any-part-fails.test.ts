import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeBreaches, findBreaches, findOrphans } from "../helpers/invariants.ts";
import { type AcceptedMessage, LoadUser } from "../helpers/load-user.ts";
import { draw, drawn } from "../helpers/matrix.ts";
import { actions } from "../helpers/scenario.ts";
import { buyPlan, openCheckout } from "./buy-plan.ts";
import { expectOneRun, makeDueLookout } from "./due-lookout.ts";
import { FastClock } from "./keep-time.ts";
import { planRounds, type Round } from "./plan-rounds.ts";
import { StruckStack } from "./struck-stack.ts";

// Another seed kills other parts at other moments. The same seed repeats a run.
const { seed, numRuns } = draw("faults", { one: 1, sample: 3, full: 10 });
/** How long clients retry. */
const PATIENCE_MS = 40_000;
/** How many lines of the stack's output a failure shows. */
const LINES = 200;

/** A killed function may leave a conversation and a response, or a file and its store. */
const ORPHANS_EACH = 2;

/** What makes a reply lack the sources that it would have. */
const LACKING = new Set<string | undefined>(["reasoning_only", "empty_output"]);

const forgiven = new Set<string>();
let stack: StruckStack;
beforeAll(async () => {
  stack = await StruckStack.start();
});
afterAll(() => stack[Symbol.asyncDispose]());

test.for(planRounds(seed, numRuns))(
  `seed ${seed}, round $number: $part is $how after $after ms, and OpenAI does $unkindness.scenario`,
  { ...drawn, timeout: 90_000 },
  async (round, { onTestFailed, onTestFinished }) => {
    onTestFailed(() => console.log(stack.lines.slice(-LINES).join("\n")));
    const signUp = () => LoadUser.signUp(stack.status, PATIENCE_MS);
    const [buyer, ...users] = await Promise.all([signUp(), ...round.users.map(signUp)]);
    const checkout = await openCheckout(stack, buyer);
    const lookout = await makeDueLookout(stack, buyer.email);
    const clock = new FastClock(stack);
    onTestFinished(() => clock.stop());

    await stack.behave(round.unkindness);
    const busy = Promise.all([
      buyPlan(stack, buyer, checkout),
      ...users.map((user, index) => act(user, round, index)),
    ]);
    await Promise.all([busy, strike(round, clock)]);
    await stack.behave({});
    await clock.settle();

    expect(describeBreaches(await findBreaches(stack.database))).toBe("");
    await expectNoOrphans(round);
    for (const { accepted } of users) await expectOnce(accepted);
    await expectOneRun(stack, lookout);
    expect(await buyer.readPlan()).toBe("pro");
  },
);

async function act(
  user: LoadUser,
  { users, part, unkindness }: Round,
  index: number,
): Promise<void> {
  const sessionId = await user.createSession();
  const actor = {
    user,
    sessionId,
    mayBeLost: part === "openai" || LACKING.has(unkindness.scenario),
    time: <Result>(_name: string, work: () => Promise<Result>) => work(),
  };
  for (const name of users[index] ?? []) await actions[name](actor);
}

async function strike({ part, how, after }: Round, clock: FastClock): Promise<void> {
  await delay(after);
  if (how === "frozen") return await stack.freeze(part);
  const isWorker = part === "functions" || part === "gateway";
  await stack.kill(part, () => isWorker && clock.everybodyDied());
}

/**
 * Expects no objects that nothing names, beyond a few. A killed function cannot know what OpenAI was just creating for
 * it, and OpenAI lists neither responses nor conversations. A killed emulator may have forgotten that it deleted an
 * object.
 */
async function expectNoOrphans({ part, how, users }: Round): Promise<void> {
  const found = await findOrphans(stack.database, stack.status.OPENAI_BASE_URL);
  const orphans = found.filter(({ id }) => !forgiven.has(id));
  const isInDoubt = how === "killed" && part !== "postgres" && part !== "stripe";
  if (!isInDoubt) expect(orphans).toEqual([]);
  expect(orphans.length).toBeLessThanOrEqual(users.length * ORPHANS_EACH);
  for (const { id } of orphans) forgiven.add(id);
}

/** Expects that every message that the server accepted is stored once. */
async function expectOnce(accepted: AcceptedMessage[]): Promise<void> {
  const { rows } = await stack.database.query(
    `select m.session_id as "sessionId", m.client_id as "clientId", m.content
     from public.chat_messages m where m.client_id = any ($1)`,
    [accepted.map(({ clientId }) => clientId)],
  );
  const byId = (a: AcceptedMessage, b: AcceptedMessage) => a.clientId < b.clientId ? -1 : 1;
  expect(rows.sort(byId)).toEqual(accepted.toSorted(byId));
}
