/** A reply that this isolate reads. */
interface Readable {
  /** Asks OpenAI for the state of the response now. */
  look(): void;
}

const running = new Map<string, Set<Readable>>();
const places = new Map<string, Set<symbol>>();

/** Registers a reader of a turn's reply. Returns a function that removes it. */
export function enterTurn(turnId: string, reader: Readable): () => void {
  const readers = running.get(turnId) ?? new Set();
  running.set(turnId, readers.add(reader));
  return () => {
    readers.delete(reader);
    if (readers.size === 0) running.delete(turnId);
  };
}

/** Makes all readers of a turn in this isolate ask for its state, because it was stopped. */
export function lookAtTurn(turnId: string): void {
  running.get(turnId)?.forEach((reader) => reader.look());
}

/**
 * Takes one of `most` places among the readers of a turn in this isolate. Returns a function that gives it back, or
 * null when all places are taken.
 */
export function takePlace(turnId: string, most = Infinity): (() => void) | null {
  const taken = places.get(turnId) ?? new Set();
  if (taken.size >= most) return null;
  const place = Symbol(turnId);
  places.set(turnId, taken.add(place));
  return () => {
    taken.delete(place);
    if (taken.size === 0) places.delete(turnId);
  };
}
