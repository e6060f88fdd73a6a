import { setInterval } from "node:timers";
import { type HostedLimits, readProcessUse } from "./hosted-limits.ts";

/** How often the use of a process is compared with the limits. */
const CHECK_MS = 50;

/** A limit that a request has exceeded. */
export interface Excess {
  limit: "cpu" | "wall" | "memory";
  /** Says how much was used and how much is allowed. */
  sentence: string;
}

/** Measures one request in its process, and tells when it exceeds a limit. */
export class HostedRequest {
  readonly #pid: number;
  readonly #limits: HostedLimits;
  readonly #startedAt = performance.now();
  readonly #cpuBefore: number;
  readonly #timer: NodeJS.Timeout;
  #cpuMs = 0;
  #memoryBytes = 0;
  /** Resolves when the request exceeds a limit. */
  readonly excess: Promise<Excess>;

  constructor(pid: number, limits: HostedLimits) {
    this.#pid = pid;
    this.#limits = limits;
    this.#cpuBefore = readProcessUse(pid)?.cpuMs ?? 0;
    const { promise, resolve } = Promise.withResolvers<Excess>();
    this.excess = promise;
    this.#timer = setInterval(() => {
      const excess = this.#check();
      if (excess) resolve(excess);
    }, CHECK_MS);
  }

  /** Stops measuring. Returns the excess of a request that has just ended, if any. */
  end(): Excess | null {
    clearInterval(this.#timer);
    return this.#check();
  }

  /** What the request has used, for the log. */
  toString(): string {
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    return `${this.#cpuMs} ms CPU, ${seconds.toFixed(2)} s, ${mebibytes(this.#memoryBytes)}`;
  }

  #check(): Excess | null {
    const { cpuMs, wallMs, memoryBytes } = this.#limits;
    const use = readProcessUse(this.#pid);
    if (use) {
      this.#cpuMs = use.cpuMs - this.#cpuBefore;
      this.#memoryBytes = Math.max(this.#memoryBytes, use.memoryBytes);
    }
    if (this.#cpuMs > cpuMs) {
      return { limit: "cpu", sentence: `${this.#cpuMs} ms CPU; ${cpuMs} ms are allowed` };
    }
    if (this.#memoryBytes > memoryBytes) {
      const sentence = `${mebibytes(this.#memoryBytes)}; ${mebibytes(memoryBytes)} are allowed`;
      return { limit: "memory", sentence };
    }
    const wall = performance.now() - this.#startedAt;
    if (wall <= wallMs) return null;
    return { limit: "wall", sentence: `${Math.round(wall)} ms; ${wallMs} ms are allowed` };
  }
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
