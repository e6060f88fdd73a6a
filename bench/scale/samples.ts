import type { Case } from "./cases.ts";

/** Milliseconds of every run, by case and round. */
export class Samples {
  readonly #rounds = new Map<string, number[][]>();

  /** Adds one run. */
  add(each: Case, round: number, spent: number): void {
    const rounds = this.#rounds.get(keyOf(each)) ?? [];
    rounds[round] = [...rounds[round] ?? [], spent];
    this.#rounds.set(keyOf(each), rounds);
  }

  /** The rounds of a case; empty when it did not run. */
  of(each: Case): number[][] {
    return this.#rounds.get(keyOf(each)) ?? [];
  }
}

function keyOf({ operation, size, path, variant }: Case): string {
  return [operation.name, size, path, variant].join("|");
}
