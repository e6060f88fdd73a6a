import type { JWTPayload } from "jose";
import type { Pool, QueryResult, QueryResultRow } from "pg";
import type { Log } from "../../stack/log.ts";

/** A mail that the Auth API sends. */
export interface OutgoingMail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** What the Auth API stands on. */
export interface AuthPorts {
  database: Pool;
  /** Signs an access token. */
  signToken(claims: JWTPayload): Promise<string>;
  sendMail(mail: OutgoingMail): Promise<void>;
  /** The API key that may administer users. */
  secretKey: string;
  /** Where clients reach the stack; links in mails begin with it. */
  apiUrl: string;
  /** Origins that a link may lead to, beside those of this machine. */
  allowedOrigins: string[];
  log: Log;
}

/** A pool, or a connection inside a transaction. */
export interface Db {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
}

/** Runs `work` in one transaction; it rolls back when `work` throws. */
export async function inTransaction<T>(pool: Pool, work: (db: Db) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    // A broken connection cannot roll back; what broke it is the error that counts.
    await client.query("rollback").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}
