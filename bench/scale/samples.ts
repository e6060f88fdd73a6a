import type { Case } from "./cases.ts";

/** The milliseconds of every run, by case and round. */
export class Samples {
  readonly #rounds = new Map<string, number[][]>();

  /** Adds one run. */
  add(each: Case, round: number, spent: number): void {
    const rounds = this.#rounds.get(keyOf(each)) ?? [];
    rounds[round] = [...rounds[round] ?? [], spent];
    this.#rounds.set(keyOf(each), rounds);
  }

  /** Returns the rounds of a case; empty if it did not run. */
  of(each: Case): number[][] {
    return this.#rounds.get(keyOf(each)) ?? [];
  }
}

function keyOf({ operation, size, path, variant }: Case): string {
  return [operation.name, size, path, variant].join("|");
}
