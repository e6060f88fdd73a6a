import { expect, test } from "vitest";
import { drawFrom, drawn } from "../../helpers/matrix.ts";
import { calls } from "./lock-calls.ts";
import { LockWorld } from "./lock-world.ts";

const ROUNDS = 200;
/** The rounds of a pair that needs a new owner each time, which takes a sign-up. */
const SIGN_UP_ROUNDS = 40;

const pairs = calls.flatMap((a, index) =>
  calls.slice(index).map((b) => ({ a, b, names: `${a.name}, and ${b.name}` }))
);

test.for(drawFrom("lock pairs", pairs, { one: 2, sample: 8 }))(
  "no deadlock and no server error when at once: $names",
  { ...drawn, timeout: 120_000 },
  async ({ a, b }) => {
    const world = await LockWorld.create();
    const isOwnerUsedUp = a.usesUpOwner === true || b.usesUpOwner === true;
    const bad: unknown[] = [];
    for (let round = isOwnerUsedUp ? SIGN_UP_ROUNDS : ROUNDS; round > 0; round--) {
      await world.reset({ isOwnerUsedUp });
      for (const { prepare } of new Set([a, b])) await prepare?.(world);
      for (const { status, error } of await Promise.all([a.act(world), b.act(world)])) {
        if (status >= 500 || error?.code === "40P01") bad.push({ round, status, error });
      }
    }
    expect(bad).toEqual([]);
  },
);
