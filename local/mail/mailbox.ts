import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import type { ParsedMail } from "mailparser";

const KEPT = 200;

/** A caught mail. */
export interface CaughtMail {
  id: string;
  from: string;
  /** All recipients, separated by commas. */
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The addresses of the links, in order and without repetitions. */
  links: string[];
  /** The time of arrival, in ISO format. */
  date: string;
}

/** Keeps the last 200 mails in memory. */
export class Mailbox {
  #mails: CaughtMail[] = [];
  #arrivals = new EventEmitter().setMaxListeners(0);

  /** Stores a mail to these recipients. */
  add(mail: ParsedMail, recipients: string[]): void {
    this.#mails = [describe(mail, recipients), ...this.#mails].slice(0, KEPT);
    this.#arrivals.emit("mail");
  }

  /** Returns all mails, or those to one recipient, newest first. */
  list(recipient?: string): CaughtMail[] {
    return this.#mails.filter((mail) => isTo(mail, recipient));
  }

  /** Waits until there is a mail, and returns the same as `list`. Returns an empty list when the time is up. */
  async wait(recipient: string | undefined, milliseconds: number): Promise<CaughtMail[]> {
    const signal = AbortSignal.timeout(milliseconds);
    while (!signal.aborted && this.list(recipient).length === 0) {
      await once(this.#arrivals, "mail", { signal }).catch(() => {});
    }
    return this.list(recipient);
  }

  /** Deletes all mails, or those to one recipient. */
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
