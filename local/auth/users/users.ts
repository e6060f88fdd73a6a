import { randomUUID } from "node:crypto";
import { AuthError } from "../http/errors.ts";
import type { Db } from "../http/ports.ts";

/** Metadata of a user, as the client or an admin sets it. */
export type Metadata = Record<string, unknown>;

/** A row of auth.users, as far as the Auth API reads it. */
export interface User {
  id: string;
  aud: string;
  role: string;
  email: string | null;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  invited_at: Date | null;
  phone: string | null;
  phone_confirmed_at: Date | null;
  /** Made by the database of the two before. */
  readonly confirmed_at: Date | null;
  confirmation_token: string | null;
  confirmation_sent_at: Date | null;
  recovery_token: string | null;
  recovery_sent_at: Date | null;
  reauthentication_token: string | null;
  reauthentication_sent_at: Date | null;
  email_change: string | null;
  email_change_token_new: string | null;
  email_change_token_current: string | null;
  email_change_sent_at: Date | null;
  /** 1 once one of the two addresses is confirmed. */
  email_change_confirm_status: number;
  raw_app_meta_data: Metadata;
  raw_user_meta_data: Metadata;
  banned_until: Date | null;
  is_anonymous: boolean;
  last_sign_in_at: Date | null;
  created_at: Date;
  updated_at: Date;
}

/** A row as it is read; rows that SQL inserted may lack what the Auth API always writes. */
export type StoredUser =
  & Omit<User, "aud" | "role" | "raw_app_meta_data" | "raw_user_meta_data">
  & Record<"aud" | "role", string | null>
  & Record<"raw_app_meta_data" | "raw_user_meta_data", Metadata | null>;

/** Columns that may be set. */
export type UserChanges = Partial<Omit<User, "confirmed_at" | "created_at" | "updated_at">>;

/** A column that holds a token which a mail carries. */
export type TokenColumn =
  | "confirmation_token"
  | "recovery_token"
  | "email_change_token_current"
  | "email_change_token_new";

/** The user with this id or address, or null. */
export async function findUser(
  db: Db,
  key: "id" | "email",
  value: string,
): Promise<User | null> {
  const { rows } = await db.query<StoredUser>(`select * from auth.users where ${key} = $1`, [
    value,
  ]);
  return rows[0] ? toUser(rows[0]) : null;
}

/** The user who waits for one of these tokens, held until the transaction ends, so that it is used once; or null. */
export async function lockUserByToken(
  db: Db,
  column: TokenColumn,
  tokens: string[],
): Promise<User | null> {
  const { rows } = await db.query<StoredUser>(
    `select * from auth.users where ${column} = any($1) for update`,
    [tokens],
  );
  return rows[0] ? toUser(rows[0]) : null;
}

/** The user, held until the transaction ends, so that changes queue. Throws when it is gone. */
export async function lockUser(db: Db, id: string): Promise<User> {
  const { rows: [user] } = await db.query<StoredUser>(
    "select * from auth.users where id = $1 for update",
    [id],
  );
  return toUser(user);
}

/** Inserts a user; a value that is not given is the table's default. */
export async function insertUser(db: Db, values: UserChanges): Promise<User> {
  const row: UserChanges = { id: randomUUID(), ...values };
  const columns = Object.keys(row);
  const places = columns.map((_, index) => `$${index + 1}`);
  const { rows: [user] } = await db.query<StoredUser>(
    `insert into auth.users (${columns}) values (${places}) returning *`,
    Object.values(row),
  );
  return toUser(user);
}

/** Sets columns of a user and returns the row. Throws when it is gone. */
export async function updateUser(db: Db, id: string, changes: UserChanges): Promise<User> {
  const sets = Object.keys(changes).map((column, index) => `${column} = $${index + 2}`);
  const { rows: [user] } = await db.query<StoredUser>(
    `update auth.users set ${[...sets, "updated_at = now()"]} where id = $1 returning *`,
    [id, ...Object.values(changes)],
  );
  return toUser(user);
}

/** The user of a row. Throws when there is none. */
export function toUser(row: StoredUser | undefined): User {
  if (!row) throw new AuthError("user_not_found", "User not found");
  return {
    ...row,
    aud: row.aud || "authenticated",
    role: row.role || "authenticated",
    raw_app_meta_data: row.raw_app_meta_data ?? {},
    raw_user_meta_data: row.raw_user_meta_data ?? {},
  };
}

/** Metadata with a patch laid over it; null takes a key away. */
export function mergeMetadata(current: Metadata, patch: Metadata): Metadata {
  const merged = Object.entries({ ...current, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(merged);
}

/** What confirming an address changes. */
export function confirmation(user: User): UserChanges {
  return {
    email_confirmed_at: user.email_confirmed_at ?? new Date(),
    confirmation_token: null,
    raw_user_meta_data: mergeMetadata(user.raw_user_meta_data, { email_verified: true }),
  };
}

/** Throws when the user is banned; `status` is what the endpoint answers. */
export function refuseBanned(user: User, message = "User is banned", status?: number): void {
  if (user.banned_until && user.banned_until > new Date()) {
    throw new AuthError("user_banned", message, { status });
  }
}
