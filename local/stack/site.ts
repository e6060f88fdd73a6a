import type pg from "pg";
import { openPool } from "../postgres/open-pool.ts";
import type { StackKeys } from "./keys.ts";
import type { Log } from "./log.ts";
import type { Settings } from "./settings.ts";

/** Facts that every part of a stack needs at its start. */
export interface Site {
  settings: Settings;
  keys: StackKeys;
  /** The address of the stack for clients. */
  apiUrl: string;
  /** The port of the SMTP server that catches mails. */
  mailPort: number;
  log: Log;
}

/** Opens a pool of connections that closes with the other parts. */
export function usePool(
  connectionString: string,
  max: number,
  parts: AsyncDisposableStack,
): pg.Pool {
  const pool = openPool(connectionString, max);
  parts.defer(() => pool.end());
  return pool;
}
