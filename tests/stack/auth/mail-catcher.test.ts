import { SmtpEmailDriver } from "@supabase/lite";
import { expect, test } from "vitest";
import { freshEmail, listMails, takeMail } from "../../helpers/mail.ts";
import { createTestClient, createUser, must, stack } from "../../helpers/stack.ts";

test("a mail of the Auth API is listed with its parts", async () => {
  const { email } = await createUser();
  must(await createTestClient().auth.signInWithOtp({ email }));
  const mail = await takeMail(email);
  expect(mail).toMatchObject({
    to: email,
    subject: "Your Magic Link",
    from: expect.stringContaining("Parley"),
  });
  expect(Date.parse(mail.date)).toBeLessThanOrEqual(Date.now());
  const [link] = mail.links;
  expect(mail.links).toEqual([link]);
  expect(link).toContain(`${stack.API_URL}/auth/v1/verify?token=`);
  expect(mail.text).toContain(link);
  expect(mail.html).toContain("<a href=");
});

test("mails are listed newest first, and only those to the given address", async () => {
  const { email } = await createUser();
  const client = createTestClient();
  must(await client.auth.signInWithOtp({ email }));
  must(await client.auth.resetPasswordForEmail(email));
  const subjects = (await listMails(email)).map(({ subject }) => subject);
  expect(subjects).toEqual(["Reset Your Password", "Your Magic Link"]);
  expect(await listMails(freshEmail())).toEqual([]);
});

test("deleting the mails of one recipient leaves the others'", async () => {
  const [ada, grace] = [await createUser(), await createUser()];
  for (const { email } of [ada, grace]) {
    must(await createTestClient().auth.signInWithOtp({ email }));
  }
  await takeMail(ada.email);
  expect(await listMails(ada.email)).toEqual([]);
  expect(await listMails(grace.email)).toHaveLength(1);
});

test("listing can wait until a mail arrives", async () => {
  const { email } = await createUser();
  const waiting = takeMail(email);
  must(await createTestClient().auth.signInWithOtp({ email }));
  expect((await waiting).to).toBe(email);
});

test("waiting for a mail ends with an empty list when its time is up", async () => {
  const query = new URLSearchParams({ to: freshEmail(), wait: "0.05" });
  expect(await (await fetch(`${stack.MAIL_URL}?${query}`)).json()).toEqual([]);
});

test("any program may send mails, with any login", async () => {
  const to = freshEmail();
  const { hostname, port } = new URL(stack.SMTP_URL);
  const driver = new SmtpEmailDriver({
    host: hostname,
    port: Number(port),
    user: "someone",
    pass: "something",
    requireTls: false,
    from: "app@example.com",
  });
  await driver.send({ to, subject: "Grüße", text: "Hello" });
  expect(await takeMail(to)).toMatchObject({
    from: "app@example.com",
    subject: "Grüße",
    text: "Hello\n",
  });
});
