// The types for supabase-js in a client. What a client may not do does not compile.
import type { ClientFunctions } from "./client-grants.ts";
import type { ExportSection, RpcResults } from "./client-results.ts";
import type { ClientTables } from "./client-tables.ts";
import type { Database as WholeDatabase } from "./database.ts";

export type { Tables } from "./client-tables.ts";

type Public = WholeDatabase["public"];

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

/**
 * The database as `anon` and `authenticated` may use it: readable and writable columns, literals for checked values,
 * and the RPCs that they may call.
 *
 * @example
 * const supabase = createClient<Database>(API_URL, PUBLISHABLE_KEY);
 */
export interface Database {
  public: {
    Tables: ClientTables;
    Views: Record<never, never>;
    Functions: { [Name in ClientFunctions]: Signature<Name> };
    Enums: Public["Enums"];
    CompositeTypes: Public["CompositeTypes"];
  };
}
