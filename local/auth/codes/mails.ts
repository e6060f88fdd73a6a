import type { AuthPorts, OutgoingMail } from "../http/ports.ts";

/** The purpose of a code or link in a mail. */
export type MailPurpose =
  | "signup"
  | "invite"
  | "magiclink"
  | "recovery"
  | "email_change"
  | "reauthentication";

const WORDING: Record<MailPurpose, { subject: string; lead: string; button: string }> = {
  signup: {
    subject: "Confirm Your Signup",
    lead: "Confirm your account.",
    button: "Confirm your email",
  },
  invite: {
    subject: "You have been invited",
    lead: "You have been invited to create an account.",
    button: "Accept the invite",
  },
  magiclink: { subject: "Your Magic Link", lead: "Sign in to your account.", button: "Sign in" },
  recovery: {
    subject: "Reset Your Password",
    lead: "Reset the password of your account.",
    button: "Reset password",
  },
  email_change: {
    subject: "Confirm Email Change",
    lead: "Confirm the change of your email address.",
    button: "Change email",
  },
  reauthentication: {
    subject: "Confirm Reauthentication",
    lead: "Confirm that it is you.",
    button: "",
  },
};

/** A mail with a code. */
export interface CodeMail {
  purpose: MailPurpose;
  to: string;
  code: string;
  /** The token in the link. */
  token: string;
  /** The final target of the link. */
  redirectTo: string;
}

/** Mails a code with an equivalent link. The mail of a reauthentication has no link. */
export async function mailCode(ports: AuthPorts, mail: CodeMail): Promise<void> {
  const link = mail.purpose === "reauthentication" ? null : actionLink(ports.apiUrl, mail);
  await ports.sendMail(compose(mail, link));
}

/** Builds the link that verifies a token and then leads to `redirectTo`. */
export function actionLink(
  apiUrl: string,
  { purpose, token, redirectTo }: Pick<CodeMail, "purpose" | "token" | "redirectTo">,
): string {
  const query = new URLSearchParams({ token, type: purpose, redirect_to: redirectTo });
  return `${apiUrl}/auth/v1/verify?${query}`;
}

function compose({ purpose, to, code }: CodeMail, link: string | null): OutgoingMail {
  const { subject, lead, button } = WORDING[purpose];
  const text = [lead, `Your code is: ${code}`, ...(link ? [`Or follow this link: ${link}`] : [])];
  const anchor = link ? `<p><a href="${link.replaceAll("&", "&amp;")}">${button}</a></p>` : "";
  return {
    to,
    subject,
    text: text.join("\n\n"),
    html: `<h2>${subject}</h2><p>${lead}</p>${anchor}<p>Your code is: <strong>${code}</strong></p>`,
  };
}
