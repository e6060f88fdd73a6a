// The types for supabase-js in a client. What a client may not do does not compile.
import type {
  AuditPage,
  DeletionRequest,
  SharedChat,
  UsageReply,
  UserDetails,
  UserPage,
} from "./api/rpcs.ts";
import type { ClientFunctions, ClientTables } from "./client-grants.ts";
import type { Database as WholeDatabase, Tables } from "./database.ts";

type Public = WholeDatabase["public"];

/** The parts of `ClientTables` that every table has. */
interface Grants {
  select: string;
  insert: string;
  update: string;
  values: object;
}

/** Columns of a row, with the literals of those that a check limits. */
type Granted<Row, Names extends string, Values> = {
  [Name in keyof Row as Extract<Name, Names>]: Name extends keyof Values
    ? Values[Name] | Extract<Row[Name], null | undefined>
    : Row[Name];
};

/** Null where RPCs return it. The generator of Supabase does not know it. */
interface NullColumns {
  get_user_activity_summary: "last_activity" | "most_common_action";
  list_invitations: "invited_by";
  list_members: "avatar_url" | "email" | "user_name";
  organization_usage: "user_name";
}

type OrNull<Row, Names> = { [Name in keyof Row]: Row[Name] | (Name extends Names ? null : never) };

/** Arguments and results that the generator of Supabase does not know. */
interface Signatures {
  admin_get_user: { Returns: UserDetails & { profile: Tables<"profiles"> } };
  admin_grant_plan: { Args: { user_id: string; plan: string; ends_at?: string | null } };
  admin_list_audit: { Returns: AuditPage & { entries: Tables<"audit_logs">[] } };
  admin_list_users: { Returns: UserPage };
  get_my_usage: { Returns: UsageReply };
  get_shared_chat: { Returns: SharedChat | null };
  invite_member: { Args: { email: string; role?: "admin" | "member" } };
  request_account_deletion: { Returns: DeletionRequest };
  set_chat_visibility: {
    Args: { session_id: string; visibility: "private" | "public" };
    Returns: string | null;
  };
  set_member_role: { Args: { member_id: string; role: "admin" | "member" } };
  set_organization_budget: { Args: { monthly_budget: number | null } };
}

type Signature<Name extends ClientFunctions> = Name extends keyof Signatures
  ? Omit<Public["Functions"][Name], keyof Signatures[Name]> & Signatures[Name]
  : Name extends keyof NullColumns
    ? Public["Functions"][Name] extends { Args: infer Args; Returns: (infer Row)[] }
      ? { Args: Args; Returns: OrNull<Row, NullColumns[Name]>[] }
    : never
  : Public["Functions"][Name];

type ClientTable<Name extends keyof ClientTables & keyof Public["Tables"]> =
  ClientTables[Name] extends Grants ? {
      Row: Granted<
        Public["Tables"][Name]["Row"],
        ClientTables[Name]["select"],
        ClientTables[Name]["values"]
      >;
      Insert: [ClientTables[Name]["insert"]] extends [never] ? never : Granted<
        Public["Tables"][Name]["Insert"],
        ClientTables[Name]["insert"],
        ClientTables[Name]["values"]
      >;
      Update: [ClientTables[Name]["update"]] extends [never] ? never : Granted<
        Public["Tables"][Name]["Update"],
        ClientTables[Name]["update"],
        ClientTables[Name]["values"]
      >;
      Relationships: Public["Tables"][Name]["Relationships"];
    }
    : never;

/**
 * The database as `anon` and `authenticated` may use it: readable and writable columns, literals for checked text, and
 * the RPCs that they may call.
 *
 * @example
 * const supabase = createClient<Database>(API_URL, PUBLISHABLE_KEY);
 */
export interface Database {
  public: {
    Tables: { [Name in keyof ClientTables & keyof Public["Tables"]]: ClientTable<Name> };
    Views: Record<never, never>;
    Functions: { [Name in ClientFunctions]: Signature<Name> };
    Enums: Public["Enums"];
    CompositeTypes: Public["CompositeTypes"];
  };
}
