import { randomInt } from "node:crypto";

/** Lies below the range that Linux, macOS and Windows use for outgoing connections. */
const [FIRST, LAST] = [20_000, 32_000];
const TRIES = 20;

/** The port that a part of the stack asks for. */
export interface WantedPort {
  /** 0 means any. */
  port: number;
  /** The port of the previous start. Tried first when any port will do. */
  preferred?: number;
  /** The setting that chooses this port. The error for a port in use names it. */
  variable?: string;
}

/** A listening part and its port. */
export interface Bound<T> {
  port: number;
  part: T;
}

/**
 * Makes a part listen on its port. `bind` must reject with the error of the operating system when the port is in use.
 * When any port will do, `bindPort` tries several. They all lie outside the range of outgoing connections, so the same
 * port is still free when the part restarts. Rejects when the wanted port is in use; the error names the setting.
 * Source: https://man7.org/linux/man-pages/man7/ip.7.html, ip_local_port_range
 */
export async function bindPort<T>(
  { port, preferred, variable }: WantedPort,
  bind: (port: number) => Promise<T>,
): Promise<Bound<T>> {
  const candidates = port === 0 ? anyPorts(preferred) : [port];
  let reason: unknown;
  for (const candidate of candidates) {
    try {
      return { port: candidate, part: await bind(candidate) };
    } catch (error) {
      if (!isInUse(error)) throw error;
      reason = error;
    }
  }
  if (port === 0) throw reason;
  const wayOut = variable ? `, or set ${variable}` : "";
  throw new Error(
    `Port ${port} is in use, perhaps by another stack. Stop the program that uses it${wayOut}.`,
    { cause: reason },
  );
}

function* anyPorts(preferred: number | undefined): Generator<number> {
  if (preferred !== undefined) yield preferred;
  for (let tries = 0; tries < TRIES; tries += 1) yield randomInt(FIRST, LAST);
}

/** Node processes report EADDRINUSE; Postgres reports a sentence. */
function isInUse(error: unknown): boolean {
  return error instanceof Error && /EADDRINUSE|Address already in use/.test(error.message);
}
