import type {
  AccountExportPart,
  BridgeReply,
  BridgeSession,
} from "../../../types/client-results.ts";
import type { Calls } from "./calls.ts";
import type { Profile } from "./database.ts";
import type { CallOptions } from "./options.ts";

export type { AccountExportPart, BridgeReply, BridgeSession };

/** The account of the caller. */
export interface Account {
  /**
   * Reads the profile.
   *
   * @example
   * const { email } = await parley.account.profile();
   */
  profile(): Promise<Profile>;
  /**
   * Exports everything that the user owns, in parts of about 16 MB. Most accounts have one part.
   *
   * @example
   * for await (const part of parley.account.export()) console.log(part.chat_messages?.length);
   */
  export(options?: CallOptions): AsyncGenerator<AccountExportPart, void, undefined>;
  /**
   * Deletes the account and everything that it owns. Ask for the password again before you offer it.
   *
   * @example
   * await parley.account.delete();
   */
  delete(): Promise<void>;
  /**
   * Issues a code that signs the user in to another app once.
   *
   * @example
   * const { code } = await parley.account.createCode({ theme: "dark" });
   */
  createCode(sessionData?: Record<string, string | number | boolean | null>): Promise<BridgeReply>;
  /**
   * Exchanges a code for a session of its user. The other app calls it, and then `supabase.auth.setSession`.
   *
   * @example
   * const { access_token, refresh_token } = await parley.account.redeemCode("code");
   * await supabase.auth.setSession({ access_token, refresh_token });
   */
  redeemCode(code: string): Promise<BridgeSession>;
}

/** Creates `parley.account`. */
export function createAccount({ supabase, invoke, query }: Calls): Account {
  return {
    profile: () => query(() => supabase.from("profiles").select().maybeSingle()),
    async *export(options) {
      for (let after: string | null = ""; after !== null;) {
        const path = `account/export?after=${encodeURIComponent(after)}`;
        const part: AccountExportPart = await invoke("GET", path, options);
        yield part;
        after = part.next;
      }
    },
    delete: async () => void await invoke("DELETE", "account"),
    createCode: (session_data = {}) => invoke("POST", "bridge", { body: { session_data } }),
    redeemCode: (code) => invoke("POST", "bridge/redeem", { body: { code } }),
  };
}
