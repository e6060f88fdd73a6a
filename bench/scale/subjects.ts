import type pg from "pg";
import { ADMIN } from "./seed.ts";

/** The user and the session of one run. */
export interface Subject {
  auth_id: string;
  user_id: string;
  session_id: string;
  /** The message after which a page begins. */
  seq: number;
}

/** The number of users and sessions that each operation uses. */
const SUBJECTS = 200;

const CHOICES = {
  /** Users with a full sidebar, each with one of the sessions. */
  busyUsers: `
    select p.auth_id, p.id as user_id, s.id as session_id, 0 as seq
    from (select user_id, min(id::text)::uuid as id from public.chat_sessions group by 1 having count(*) >= 50) s
    join public.profiles p on p.id = s.user_id`,
  /** Sessions that fill a page of history. */
  sessions: `
    select p.auth_id, p.id as user_id, s.id as session_id, 0 as seq
    from public.chat_sessions s join public.profiles p on p.id = s.user_id
    where s.message_count >= 50`,
  /** Places deep in the largest sessions. */
  deepPages: `
    select p.auth_id, p.id as user_id, s.id as session_id, (s.message_count * place)::integer as seq
    from public.chat_sessions s
    join public.profiles p on p.id = s.user_id
    cross join generate_series(0.50, 0.94, 0.01) place
    where s.message_count >= 1000`,
  /** Sessions with a running turn. */
  running: `
    select p.auth_id, p.id as user_id, t.session_id, 0 as seq
    from public.chat_turns t join public.profiles p on p.id = t.user_id
    where t.status = 'active'`,
  /** Sessions without a running turn. */
  idle: `
    select p.auth_id, p.id as user_id, s.id as session_id, 0 as seq
    from public.chat_sessions s join public.profiles p on p.id = s.user_id
    where s.message_count between 2 and 100
      and not exists (select from public.chat_turns t where t.session_id = s.id and t.status = 'active')`,
  admin:
    `select auth_id, id as user_id, id as session_id, 0 as seq from public.profiles where auth_id = '${ADMIN}'`,
};

/** The kinds of subjects that operations ask for. */
export type SubjectKind = keyof typeof CHOICES;
/** Subjects of one database. */
export type Subjects = Record<SubjectKind, Subject[]>;

/** Chooses subjects of every kind. Throws if a database has none of a kind. */
export async function chooseSubjects(client: pg.Client): Promise<Subjects> {
  const choose = async (kind: SubjectKind) => {
    const { rows } = await client.query<Subject>(
      `select * from (${CHOICES[kind]}) choice order by random() limit ${SUBJECTS}`,
    );
    if (rows.length === 0) throw new Error(`the database has no subject of kind ${kind}`);
    return rows;
  };
  return {
    busyUsers: await choose("busyUsers"),
    sessions: await choose("sessions"),
    deepPages: await choose("deepPages"),
    running: await choose("running"),
    idle: await choose("idle"),
    admin: await choose("admin"),
  };
}
