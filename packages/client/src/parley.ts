import type { HealthReply } from "../../../types/client-results.ts";
import { type Account, createAccount } from "./account.ts";
import { type Billing, createBilling } from "./billing.ts";
import { createCalls } from "./calls.ts";
import { type Chat, createChat } from "./chat.ts";
import type { Assistant, ParleySupabase, Plan, Usage } from "./database.ts";
import { isError, readError, readResponse } from "./errors.ts";
import { createFiles, type Files } from "./files.ts";
import { createLive, type Live } from "./live.ts";
import { createLookouts, type Lookouts } from "./lookouts.ts";
import { createMessages, type Messages } from "./messages.ts";
import { createOrganizations, type Organizations } from "./organizations.ts";
import { createSessions, type Sessions } from "./sessions.ts";

export type { HealthReply };

/** Reads failures of any source in one shape. */
export interface Errors {
  /** See `readError`. */
  read: typeof readError;
  /** See `readResponse`. */
  readResponse: typeof readResponse;
  /** See `isError`. */
  is: typeof isError;
}

/** Everything that a client app does with Parley. All methods reject with a `ParleyError`. */
export interface Parley {
  readonly chat: Chat;
  readonly sessions: Sessions;
  readonly messages: Messages;
  readonly files: Files;
  readonly billing: Billing;
  readonly organizations: Organizations;
  readonly lookouts: Lookouts;
  readonly account: Account;
  readonly live: Live;
  readonly errors: Errors;
  /**
   * Reads what the caller has used and may still use.
   *
   * @example
   * const { monthly_messages } = await parley.usage();
   */
  usage(): Promise<Usage>;
  /**
   * Lists the plans with their limits, the lowest first.
   *
   * @example
   * const plans = await parley.plans();
   */
  plans(): Promise<Plan[]>;
  /**
   * Lists the assistants that users can choose, in their order.
   *
   * @example
   * const assistants = await parley.assistants();
   */
  assistants(): Promise<Assistant[]>;
  /**
   * Asks whether the functions and the database answer. Rejects with the status 503 if the database does not.
   *
   * @example
   * const { status } = await parley.health();
   */
  health(): Promise<HealthReply>;
}

/**
 * Creates the client of Parley from a client of supabase-js, which signs users in and renews their tokens. Where
 * `fetch` cannot stream, as in React Native, give supabase-js one that can: `global: { fetch }`.
 *
 * @example
 * const supabase = createClient<Database>(API_URL, PUBLISHABLE_KEY);
 * const parley = createParley(supabase);
 */
export function createParley(supabase: ParleySupabase): Parley {
  const calls = createCalls(supabase);
  const { invoke, query } = calls;
  const live = createLive(calls);
  return {
    chat: createChat(calls),
    sessions: createSessions(calls),
    messages: createMessages(calls),
    files: createFiles(calls, live),
    billing: createBilling(calls),
    organizations: createOrganizations(calls),
    lookouts: createLookouts(calls),
    account: createAccount(calls),
    live,
    errors: { read: readError, readResponse, is: isError },
    usage: () => query(() => supabase.rpc("get_my_usage")),
    plans: () => query(() => supabase.from("plans").select().order("rank")),
    assistants: () =>
      query(() => supabase.from("assistants").select().eq("is_active", true).order("sort_order")),
    health: () => invoke("GET", "health"),
  };
}
