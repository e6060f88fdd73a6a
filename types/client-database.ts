// The types for supabase-js in a client. What a client may not do does not compile.
import type { ClientFunctions, ClientTables } from "./client-grants.ts";
import type { ExportSection, RpcResults } from "./client-results.ts";
import type { Database as WholeDatabase } from "./database.ts";

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

/** Arguments that the generator of Supabase does not know. */
interface Arguments {
  admin_grant_plan: { user_id: string; plan: string; ends_at?: string | null };
  export_account: { section: ExportSection; after?: string[] | null };
  invite_member: { email: string; role?: "admin" | "member" };
  set_chat_visibility: { session_id: string; visibility: "private" | "public" };
  set_member_role: { member_id: string; role: "admin" | "member" };
  set_organization_budget: { monthly_budget: number | null };
}

type Signature<Name extends ClientFunctions> =
  & Omit<Public["Functions"][Name], "Args" | "Returns">
  & {
    Args: Name extends keyof Arguments ? Arguments[Name] : Public["Functions"][Name]["Args"];
    Returns: Name extends keyof RpcResults ? RpcResults[Name]
      : Public["Functions"][Name]["Returns"];
  };

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

/** A row of a table as a client reads it. */
export type Tables<Name extends keyof Database["public"]["Tables"]> =
  Database["public"]["Tables"][Name]["Row"];
