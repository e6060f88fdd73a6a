import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database, Json } from "../../types/database.ts";
import type { Subject, SubjectKind } from "./subjects.ts";

/** A query of clients or functions, as SQL and as a request. */
export interface Operation {
  name: string;
  subjects: SubjectKind;
  /** The role that runs it in production. */
  role: "authenticated" | "service_role";
  /** The number of rows that it returns. */
  rows: number;
  /** The SQL as a client sends it; the policies alone restrict the rows. */
  sql: (subject: Subject) => Statement;
  /** The same for a role without policies, as an application without row-level security would write it. */
  bare: (subject: Subject) => Statement;
  /** Whether it also runs under policies that look the caller up for every row. */
  isNaiveToo: boolean;
  /** Runs first in the same transaction; its column `id` becomes the session of the subject for `sql`. */
  first?: (subject: Subject) => Statement;
  rest: RestOperation;
}

/** SQL and its parameters. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** A request through the gateway. */
export interface RestOperation {
  /** Runs first. */
  first?: (client: Client, subject: Subject) => PromiseLike<Answer>;
  run: (client: Client, subject: Subject, started: Json) => PromiseLike<Answer>;
  /** Restores the earlier state. */
  after?: (client: Client, answer: Json) => PromiseLike<Answer>;
  /** The same with a token of `service_role`, which has no policies. */
  bare?: (client: Client, subject: Subject) => PromiseLike<Answer>;
}

type Client = SupabaseClient<Database>;
/** The result of supabase-js. */
export interface Answer {
  data: unknown;
  error: { message: string } | null;
}

const PAGE = 50;

const sidebar: Operation = {
  name: "sidebar of 50 sessions",
  subjects: "busyUsers",
  role: "authenticated",
  rows: PAGE,
  sql: () => ({
    text: "select * from public.chat_sessions order by updated_at desc limit 50",
    values: [],
  }),
  bare: ({ user_id }) => ({
    text: "select * from public.chat_sessions where user_id = $1 order by updated_at desc limit 50",
    values: [user_id],
  }),
  isNaiveToo: true,
  rest: {
    run: (client) => listSessions(client),
    bare: (client, { user_id }) => listSessions(client).eq("user_id", user_id),
  },
};

const history: Operation = {
  name: "history of 50 messages",
  subjects: "sessions",
  role: "authenticated",
  rows: PAGE,
  sql: ({ session_id }) => ({
    text: "select * from public.chat_messages where session_id = $1 order by seq limit 50",
    values: [session_id],
  }),
  bare: ({ session_id, user_id }) => ({
    text:
      "select * from public.chat_messages where session_id = $1 and user_id = $2 order by seq limit 50",
    values: [session_id, user_id],
  }),
  isNaiveToo: true,
  rest: {
    run: (client, { session_id }) => listMessages(client, session_id),
    bare: (client, { session_id, user_id }) =>
      listMessages(client, session_id).eq("user_id", user_id),
  },
};

const deepPage: Operation = {
  name: "deep page of 50 messages, by seq",
  subjects: "deepPages",
  role: "authenticated",
  rows: PAGE,
  sql: ({ session_id, seq }) => ({
    text:
      "select * from public.chat_messages where session_id = $1 and seq > $2 order by seq limit 50",
    values: [session_id, seq],
  }),
  bare: ({ session_id, user_id, seq }) => ({
    text:
      "select * from public.chat_messages where session_id = $1 and user_id = $2 and seq > $3 order by seq limit 50",
    values: [session_id, user_id, seq],
  }),
  isNaiveToo: true,
  rest: {
    run: (client, { session_id, seq }) => listMessages(client, session_id).gt("seq", seq),
    bare: (client, { session_id, user_id, seq }) =>
      listMessages(client, session_id).gt("seq", seq).eq("user_id", user_id),
  },
};

const resume: Operation = {
  name: "resume: the active stream of a session",
  subjects: "running",
  role: "authenticated",
  rows: 1,
  sql: ({ session_id }) => ({
    text: "select * from public.chat_turns where session_id = $1 and status = 'active'",
    values: [session_id],
  }),
  bare: ({ session_id, user_id }) => ({
    text:
      "select * from public.chat_turns where session_id = $1 and user_id = $2 and status = 'active'",
    values: [session_id, user_id],
  }),
  isNaiveToo: true,
  rest: {
    run: (client, { session_id }) => findTurn(client, session_id),
    bare: (client, { session_id, user_id }) => findTurn(client, session_id).eq("user_id", user_id),
  },
};

const startTurn: Operation = {
  name: "start_turn",
  subjects: "idle",
  role: "service_role",
  rows: 1,
  ...everyRole(({ auth_id, session_id }) => ({
    text:
      `select public.start_turn($1, $2, gen_random_uuid()::text, 'Hello', '[{"type": "text", "text": "Hello"}]')`,
    values: [auth_id, session_id],
  })),
  rest: {
    run: begin,
    after: (client, started) => finish(client, started),
  },
};

const finishTurn: Operation = {
  name: "settle_turn",
  subjects: "idle",
  role: "service_role",
  rows: 1,
  first: (subject) => {
    const { text, values } = startTurn.sql(subject);
    return { text: `select turn ->> 'turn_id' as id from (${text} as turn) started`, values };
  },
  ...everyRole(({ session_id: turn_id }) => ({
    text: "select public.settle_turn($1, 'complete', $2)",
    values: [turn_id, reply()],
  })),
  rest: {
    first: begin,
    run: (client, _subject, started) => finish(client, started),
  },
};

const usage: Operation = {
  name: "get_my_usage",
  subjects: "idle",
  role: "authenticated",
  rows: 1,
  ...everyRole(() => ({ text: "select public.get_my_usage()", values: [] })),
  rest: { run: (client) => client.rpc("get_my_usage") },
};

const adminList: Operation = {
  name: "admin_list_users, page of 20",
  subjects: "admin",
  role: "authenticated",
  rows: 1,
  ...everyRole(() => ({ text: "select public.admin_list_users()", values: [] })),
  rest: { run: (client) => client.rpc("admin_list_users") },
};

/** The operations that are measured at every size. */
export const OPERATIONS: Operation[] = [
  sidebar,
  history,
  deepPage,
  resume,
  startTurn,
  finishTurn,
  usage,
  adminList,
];

/** Returns the same SQL for every role, because a function looks the caller up by itself. */
function everyRole(sql: Operation["sql"]): Pick<Operation, "sql" | "bare" | "isNaiveToo"> {
  return { sql, bare: sql, isNaiveToo: false };
}

function listSessions(client: Client) {
  return client.from("chat_sessions").select().order("updated_at", { ascending: false })
    .limit(PAGE);
}

function listMessages(client: Client, sessionId: string) {
  return client.from("chat_messages").select().eq("session_id", sessionId).order("seq").limit(PAGE);
}

function findTurn(client: Client, sessionId: string) {
  return client.from("chat_turns").select().eq("session_id", sessionId).eq("status", "active");
}

function begin(client: Client, { auth_id, session_id }: Subject) {
  return client.rpc("start_turn", {
    auth_user_id: auth_id,
    session_id,
    client_id: crypto.randomUUID(),
    content: "Hello",
    parts: [{ type: "text", text: "Hello" }],
  });
}

function finish(client: Client, started: Json) {
  const turn_id = typeof started === "object" && started && "turn_id" in started
    ? String(started.turn_id)
    : "";
  return client.rpc("settle_turn", { turn_id, status: "complete", reply: reply() });
}

function reply() {
  const text = "A reply of some length that says what is to be done next. ".repeat(10);
  return {
    content: text,
    parts: [{ type: "step-start" }, { type: "text", text, state: "done" }],
    model: "gpt-5.4-mini",
    input_tokens: 400,
    cached_input_tokens: 200,
    output_tokens: 120,
    response_id: `resp_${crypto.randomUUID()}`,
    thread_id: `conv_${crypto.randomUUID()}`,
  };
}
