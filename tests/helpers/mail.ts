import { randomUUID } from "node:crypto";
import type { CaughtMail } from "../../local/mail/mailbox.ts";
import { stack } from "./stack.ts";

/** Returns an address that no other test uses. */
export function freshEmail(): string {
  return `user-${randomUUID()}@example.com`;
}

/** Removes the next mail to an address from the mailbox and returns it. Rejects if none arrives. */
export async function takeMail(to: string): Promise<CaughtMail> {
  const mailbox = `${stack.MAIL_URL}?${new URLSearchParams({ to })}`;
  const mails: CaughtMail[] = await (await fetch(`${mailbox}&wait=10`)).json();
  const newest = mails[0];
  if (!newest) throw new Error(`no mail to ${to}`);
  await fetch(mailbox, { method: "DELETE" });
  return newest;
}

/** Returns the mails to an address so far. */
export async function listMails(to: string): Promise<CaughtMail[]> {
  return await (await fetch(`${stack.MAIL_URL}?${new URLSearchParams({ to })}`)).json();
}

/** Returns the six digits in a mail. */
export function codeIn({ text }: CaughtMail): string {
  const code = text.match(/\b\d{6}\b/)?.[0];
  if (!code) throw new Error("the mail has no code");
  return code;
}

/** Returns the link in a mail. */
export function linkIn({ links }: CaughtMail): URL {
  const [link] = links;
  if (!link) throw new Error("the mail has no link");
  return new URL(link);
}

/** Follows a link as a browser does and returns its target. */
export async function followLink(link: URL | string): Promise<URL> {
  const response = await fetch(link, { redirect: "manual" });
  const location = response.headers.get("location");
  if (response.status !== 303 || !location) throw new Error(`the link answers ${response.status}`);
  return new URL(location);
}

/** Returns the parameters behind the `#` of an address. */
export function fragmentOf(url: URL): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(url.hash.slice(1)));
}
