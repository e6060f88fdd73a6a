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

/** Takes every mail that a program on this machine sends to `port`, whatever login it offers, and delivers none. */
export async function startSmtpSink(port: number, mailbox: Mailbox): Promise<SmtpSink> {
  const server = new SMTPServer({
    size: LARGEST_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // Loopback only, with no certificate that a client could trust.
    disabledCommands: ["STARTTLS"],
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: (_auth, _session, done) => done(null, { user: "anyone" }),
    onData: (stream, { envelope }, done) => {
      const recipients = envelope.rcptTo.map(({ address }) => address);
      simpleParser(stream).then((mail) => mailbox.add(mail, recipients)).then(() => done(), done);
    },
  });
  // A client that breaks off is the client's business.
  server.on("error", () => {});
  server.listen(port, "127.0.0.1");
  await once(server.server, "listening");
  return { stop: promisify(server.close.bind(server)) };
}
