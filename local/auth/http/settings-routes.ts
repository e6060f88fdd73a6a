import { AuthError } from "./errors.ts";
import type { AuthPorts } from "./ports.ts";

/** Answers `GET /settings` with the ways to sign in that a client may offer. */
export function showSettings({ anonymousSignIns }: AuthPorts): Promise<Response> {
  return Promise.resolve(Response.json({
    external: { anonymous_users: anonymousSignIns, email: true, phone: false },
    disable_signup: false,
    mailer_autoconfirm: true,
    phone_autoconfirm: false,
    sms_provider: "",
    saml_enabled: false,
  }));
}

/** Refuses `GET /authorize`, because the local stack has no other identity providers. */
export function refuseProvider(_: AuthPorts): Promise<Response> {
  throw new AuthError("validation_failed", "Unsupported provider: provider is not enabled");
}
