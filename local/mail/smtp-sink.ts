import { once } from "node:events";
import { promisify } from "node:util";
import { simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import type { Mailbox } from "./mailbox.ts";

const LARGEST_BYTES = 10 * 1024 * 1024;
const CLOSE_TIMEOUT_MS = 500;

/** A running SMTP server. */
export interface SmtpSink {
  stop(): Promise<void>;
}

/**
 * Starts an SMTP server that stores every mail in the mailbox and delivers none. It accepts every login. Rejects when
 * the port is in use.
 */
export async function startSmtpSink(port: number, mailbox: Mailbox): Promise<SmtpSink> {
  const server = new SMTPServer({
    size: LARGEST_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // The server has no certificate that a client could trust, and listens on the loopback address only.
    disabledCommands: ["STARTTLS"],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(null, { user: "anyone" }),
    onData: (stream, { envelope }, done) => {
      const recipients = envelope.rcptTo.map(({ address }) => address);
      simpleParser(stream).then((mail) => mailbox.add(mail, recipients)).then(() => done(), done);
    },
  });
  // A client that disconnects early must not end the process.
  server.on("error", () => {});
  server.listen(port, "127.0.0.1");
  await once(server.server, "listening");
  return { stop: promisify(server.close.bind(server)) };
}
