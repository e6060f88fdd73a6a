import { SmtpEmailDriver } from "@supabase/lite";
import type { AuthPorts } from "../auth/http/ports.ts";

const SENDER = { address: "noreply@parley.localhost", name: "Parley" };

/** Creates a function that sends mails to the SMTP server of this stack. */
export function createMailer(port: number): AuthPorts["sendMail"] {
  const driver = new SmtpEmailDriver({ host: "127.0.0.1", port, from: SENDER, secure: false });
  return (mail) => driver.send(mail);
}
