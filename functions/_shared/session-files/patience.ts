/** The times in milliseconds that indexing files and building stores may use. */
export const PATIENCE = {
  /** The longest work of one call. The clean-up continues after it, because a function's life is limited. */
  callMs: 120_000,
  /** The first pause between two questions whether OpenAI has read a file. It doubles up to `longestPollMs`. */
  pollMs: 100,
  longestPollMs: 1_000,
  /** The time after attaching in which OpenAI may not know the file yet. */
  unseenMs: 5_000,
  /** The pause after a failed attempt: as long as indexing has lasted so far, within these limits. */
  pauseMs: 1_000,
  longestPauseMs: 300_000,
  /** After this time, a failed attempt is the last one. */
  totalMs: 3_600_000,
  /**
   * After this time, a new store is used with the files that OpenAI has read so far. The others are `indexing` until
   * the clean-up finds that they can be searched. The lease ends soon after.
   */
  batchMs: 60_000,
  /** The wait for a store that another caller builds: longer than its lease, so that a waiting caller can take over. */
  storeMs: 130_000,
  storePollMs: 200,
  /** The pause after a store could not be built, unless OpenAI asks for another one. */
  storePauseMs: 60_000,
};

/** The times that indexing may use. Tests shorten them. */
export type Patience = typeof PATIENCE;
