import { randomInt } from "node:crypto";
import getPort, { portNumbers } from "get-port";

/** Below what Linux, macOS and Windows give to outgoing connections. */
const [FIRST, LAST] = [20_000, 32_000];
const TRIES = 100;

/**
 * A free port that no outgoing connection takes between its choice and its use, or while what listens there starts
 * again. Source: https://man7.org/linux/man-pages/man7/ip.7.html, ip_local_port_range
 */
export function freePort(): Promise<number> {
  const first = randomInt(FIRST, LAST - TRIES);
  return getPort({ port: portNumbers(first, first + TRIES) });
}
