import { setImmediate, setTimeout } from "node:timers/promises";

/** A queue that runs tasks one at a time, never within the call that adds them. */
export interface TaskQueue {
  /** Adds a task that starts after at least `delay` milliseconds; resolves when the task is done. */
  add(task: () => Promise<void>, delay?: number): Promise<void>;
  /** Drops the tasks that have not started; resolves when the running task is done. */
  close(): Promise<void>;
}

/** Creates an empty queue. An error of a task is logged, and the next task runs. */
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
      const due = delay > 0 ? setTimeout(delay, undefined, { signal }) : setImmediate();
      // It joins the queue when it is due, so that nothing waits for its delay.
      return due.catch(() => {}).then(() => last = last.then(() => run(task)));
    },
    close() {
      controller.abort();
      return last;
    },
  };
}
