import { useCallback, useEffect, useRef, useState } from "react";
import type { ParleyError } from "../errors.ts";
import type { Parley } from "../index.ts";

/** Something that was read, and is read again when it changes. */
export interface Loaded<Data> {
  /** Undefined until it was read for the first time. */
  data: Data | undefined;
  /** Why the last reading failed. The data of the reading before stays. */
  error: ParleyError | undefined;
  isLoading: boolean;
  /** Reads it again. Never rejects. */
  refresh(): Promise<void>;
}

/** Follows live events: calls `onChange` for each, and returns the function that ends it. */
export type Follow = (onChange: () => void) => () => void;

/**
 * Reads something at once, after each event of `follow`, and when the channel is joined. `load` and `follow` must be
 * stable (`useCallback`).
 */
export function useLoaded<Data>(
  parley: Parley,
  load: () => Promise<Data>,
  follow: Follow,
): Loaded<Data> {
  const [state, setState] = useState<Omit<Loaded<Data>, "refresh">>(NOTHING);
  const lastReading = useRef(0);

  const refresh = useCallback(async () => {
    const reading = ++lastReading.current;
    const isLast = () => reading === lastReading.current;
    try {
      const data = await load();
      if (isLast()) setState({ data, error: undefined, isLoading: false });
    } catch (error) {
      const read = parley.errors.read(error);
      if (isLast()) setState(({ data }) => ({ data, error: read, isLoading: false }));
    }
  }, [parley, load]);

  useEffect(() => {
    setState(NOTHING);
    const again = () => void refresh();
    again();
    const ends = [follow(again), parley.live.onJoin(again)];
    return () => {
      lastReading.current++;
      ends.forEach((end) => end());
    };
  }, [parley, refresh, follow]);

  return { ...state, refresh };
}

const NOTHING = { data: undefined, error: undefined, isLoading: true };
