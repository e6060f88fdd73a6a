import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { ParsedMail } from "mailparser";

const KEPT = 200;

/** A mail as it was caught. */
export interface CaughtMail {
  id: string;
  from: string;
  /** Everyone it was delivered to, joined by commas. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** Addresses of the links, in order, each once. */
  links: string[];
  /** ISO time of its arrival. */
  date: string;
}

/** The last 200 mails, in memory. */
export class Mailbox {
  #mails: CaughtMail[] = [];
  #arrivals = new EventEmitter().setMaxListeners(0);

  /** Keeps a mail that was delivered to `recipients`. */
  add(mail: ParsedMail, recipients: string[]): void {
    this.#mails = [describe(mail, recipients), ...this.#mails].slice(0, KEPT);
    this.#arrivals.emit("mail");
  }

  /** Newest first; those of one recipient if named. */
  list(recipient?: string): CaughtMail[] {
    return this.#mails.filter((mail) => isTo(mail, recipient));
  }

  /** The same, as soon as there is one; empty after the time is up. */
  async wait(recipient: string | undefined, milliseconds: number): Promise<CaughtMail[]> {
    const signal = AbortSignal.timeout(milliseconds);
    while (!signal.aborted && this.list(recipient).length === 0) {
      await once(this.#arrivals, "mail", { signal }).catch(() => {});
    }
    return this.list(recipient);
  }

  /** Drops all mails, or those of one recipient. */
  clear(recipient?: string): void {
    this.#mails = this.#mails.filter((mail) => !isTo(mail, recipient));
  }
}

function isTo(mail: CaughtMail, recipient: string | undefined): boolean {
  return !recipient || mail.to.toLowerCase().split(", ").includes(recipient.toLowerCase());
}

function describe(mail: ParsedMail, recipients: string[]): CaughtMail {
  const { text = "", subject = "" } = mail;
  const html = mail.html || "";
  return {
    id: randomUUID(),
    from: mail.from?.text ?? "",
    to: recipients.join(", "),
    subject,
    text,
    html,
    links: findLinks(text, html),
    date: new Date().toISOString(),
  };
}

function findLinks(text: string, html: string): string[] {
  const anchors = [...html.matchAll(/href="(https?:[^"]+)"/g)]
    .map(([, address = ""]) => address.replaceAll("&amp;", "&"));
  const plain = text.match(/https?:\/\/[^\s<>"']+/g) ?? [];
  return [...new Set([...anchors, ...plain])];
}
