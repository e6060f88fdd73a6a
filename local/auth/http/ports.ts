import type { JWTPayload } from "jose";
import type { Pool, QueryResult, QueryResultRow } from "pg";
import type { Log } from "../../stack/log.ts";

export { inTransaction } from "../../postgres/in-transaction.ts";

/** A mail that the Auth API sends. */
export interface OutgoingMail {
  to: string;
  subject: string;
  text: string;
  html: string;
}

/** The services that the Auth API needs. */
export interface AuthPorts {
  database: Pool;
  /** Signs an access token. */
  signToken(claims: JWTPayload): Promise<string>;
  sendMail(mail: OutgoingMail): Promise<void>;
  /** The API key that may administer users. */
  secretKey: string;
  /** The address of the stack for clients. Links in mails start with it. */
  apiUrl: string;
  /** The allowed targets of links, besides addresses of this machine. */
  allowedOrigins: string[];
  /** Whether users may sign in without an address. */
  anonymousSignIns: boolean;
  log: Log;
}

/** A pool, or a connection inside a transaction. */
export interface Db {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<QueryResult<Row>>;
}
