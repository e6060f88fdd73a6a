/** A reply that this isolate reads. */
interface Readable {
  /** Asks OpenAI for the state of the response now. */
  look(): void;
}

const running = new Map<string, Set<Readable>>();

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

/** Returns the number of readers that a turn has in this isolate. */
export function countReaders(turnId: string): number {
  return running.get(turnId)?.size ?? 0;
}
