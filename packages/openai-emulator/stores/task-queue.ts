import { setImmediate, setTimeout } from "node:timers/promises";

/** Work that is done one after the other, after what called for it. */
export interface TaskQueue {
  /** Queues a task that starts after `delay` milliseconds at the earliest; resolves when it is done. */
  add(task: () => Promise<void>, delay?: number): Promise<void>;
  /** Drops what has not started; resolves when the task that runs is done. */
  close(): Promise<void>;
}

/** A queue without tasks. A task that throws is logged and holds nothing up. */
export function createTaskQueue(): TaskQueue {
  const controller = new AbortController();
  const { signal } = controller;
  let last = Promise.resolve();
  const run = async (task: () => Promise<void>) => {
    if (signal.aborted) return;
    await task().catch(console.error);
  };
  return {
    add(task, delay = 0) {
      const before = last;
      const due = delay > 0 ? setTimeout(delay, undefined, { signal }) : setImmediate();
      last = due.catch(() => {}).then(() => before).then(() => run(task));
      return last;
    },
    close() {
      controller.abort();
      return last;
    },
  };
}
