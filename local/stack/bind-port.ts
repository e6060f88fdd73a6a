import { randomInt } from "node:crypto";

/** Below what Linux, macOS and Windows give to outgoing connections. */
const [FIRST, LAST] = [20_000, 32_000];
const TRIES = 20;

/** Which port a part of the stack listens on. */
export interface WantedPort {
  /** 0 means any. */
  port: number;
  /** Tried first when any will do: where the part listened last time. */
  preferred?: number;
  /** The setting that names another port; part of the error when the port is in use. */
  variable?: string;
}

/** A part that listens, and where. */
export interface Bound<T> {
  port: number;
  part: T;
}

/**
 * Lets a part listen on its port. `bind` decides whether a port is free: it must reject with what the operating system
 * says when not. When any port will do, others are tried; all lie outside the range that outgoing connections use, so
 * that a part that starts again finds its port free. Rejects when the wanted port is in use, naming the setting.
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
    `Port ${port} is in use, by another stack perhaps. Stop what listens there${wayOut}.`,
    { cause: reason },
  );
}

function* anyPorts(preferred: number | undefined): Generator<number> {
  if (preferred !== undefined) yield preferred;
  for (let tries = 0; tries < TRIES; tries += 1) yield randomInt(FIRST, LAST);
}

/** Node and the children that are Node say EADDRINUSE; Postgres says it in words. */
function isInUse(error: unknown): boolean {
  return error instanceof Error && /EADDRINUSE|Address already in use/.test(error.message);
}
