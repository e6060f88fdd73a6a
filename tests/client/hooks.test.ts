import type { BrowserContext, Page, WebSocketRoute } from "playwright-core";
import { afterAll, afterEach, beforeEach, expect, test } from "vitest";
import { behave, resetOpenAI } from "../helpers/openai.ts";
import { asPostgres } from "../helpers/stack.ts";
import { launchBrowser, openPage, serveApp, signUp } from "./browser.ts";

const TEN = "one two three four five six seven eight nine ten";
const SLOW = { reply: TEN, tokens_per_second: 5 };

const browser = await launchBrowser();
const app = await serveApp();
let context: BrowserContext;
let faults: string[];

afterAll(async () => {
  app.close();
  await browser.close();
});

beforeEach(async () => {
  context = await browser.newContext();
  faults = [];
});
afterEach(async () => {
  await context.close();
  await resetOpenAI();
  expect(faults).toEqual([]);
});

/** Opens a tab. All tabs of a test are one user. */
function openTab(): Promise<Page> {
  return openPage(context, app.address, faults);
}

/** Signs a new user up, and begins a chat. */
async function newChat(page: Page): Promise<void> {
  await signUp(page);
  await page.getByRole("button", { name: "New chat" }).click();
  await page.getByRole("textbox", { name: "Message" }).waitFor();
}

async function send(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message" }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

function reply(page: Page, text: string) {
  return page.getByRole("listitem").filter({ hasText: `assistant: ${text}` });
}

async function lines(page: Page): Promise<string[]> {
  return await page.getByRole("listitem").allTextContents();
}

test("a message is answered; usage and the chat's title follow", async () => {
  const page = await openTab();
  await newChat(page);
  await page.getByText("Messages this month: 0").waitFor();

  await send(page, "Rain in Lisbon");

  await page.getByText("Messages this month: 1").waitFor();
  await page.getByRole("navigation").getByRole("button", { name: /Rain in Lisbon/ }).waitFor();
  await page.getByRole("status").filter({ hasText: "ready" }).waitFor();
  expect(await lines(page)).toHaveLength(2);
  expect(await page.getByRole("button", { name: "More chats" }).count()).toBe(0);
});

test("the list of chats goes on page by page to its end", async () => {
  const page = await openTab();
  await newChat(page);
  await seedChats(page, 60);
  await page.reload();
  const chats = page.getByRole("navigation").getByRole("button", { name: /^chat \d+$/ });

  const more = page.getByRole("button", { name: "More chats" });
  await more.waitFor();
  expect(await chats.count()).toBe(50);
  await more.click();

  await more.waitFor({ state: "detached" });
  expect(await chats.count()).toBe(60);
});

test("a reload in the middle of a reply shows the history and the whole reply, once", async () => {
  await behave(SLOW);
  const page = await openTab();
  await newChat(page);
  await send(page, "Count");
  await reply(page, "one two").waitFor();

  await page.reload();

  await reply(page, TEN).waitFor();
  expect(await lines(page)).toEqual(["user: Count", `assistant: ${TEN}`]);
});

test("a second tab shows what the first one sends", async () => {
  await behave(SLOW);
  const first = await openTab();
  await newChat(first);
  const second = await openTab();
  await second.getByRole("textbox", { name: "Message" }).waitFor();

  await send(first, "Count");

  await reply(second, "one two").waitFor();
  for (const page of [first, second]) {
    await reply(page, TEN).waitFor();
    expect(await lines(page)).toEqual(["user: Count", `assistant: ${TEN}`]);
  }
});

test("a tab shows what was written before its channel was joined, and while its line was lost", async () => {
  const first = await openTab();
  await newChat(first);
  const second = await context.newPage();
  const sockets = Promise.withResolvers<void>();
  const lines: WebSocketRoute[] = [];
  await second.routeWebSocket(/realtime/, async (line) => {
    lines.push(line);
    await sockets.promise;
    line.connectToServer();
  });
  await second.goto(app.address);
  await second.getByRole("textbox", { name: "Message" }).waitFor();

  await send(first, "before");
  await reply(first, 'You wrote: "before"').waitFor();
  sockets.resolve();
  await reply(second, 'You wrote: "before"').waitFor();

  await Promise.all(lines.splice(0).map((line) => line.close()));
  await first.getByRole("status").filter({ hasText: "ready" }).waitFor();
  await send(first, "meanwhile");
  await reply(first, 'Before this you wrote: "before"').waitFor();
  await reply(second, 'Before this you wrote: "before"').waitFor();
});

test("what was read while a reply was shown is read again after it", async () => {
  await behave(SLOW);
  const first = await openTab();
  await newChat(first);
  const second = await context.newPage();
  const joined = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  let isHeld = false;
  let held = 0;
  await second.routeWebSocket(/realtime/, async (line) => {
    await joined.promise;
    line.connectToServer();
  });
  // The reading after the channel is joined is answered in the middle of the next reply.
  await second.route(/chat_messages/, async (route) => {
    if (!isHeld) return await route.continue();
    held += 1;
    const response = await route.fetch();
    await answered.promise;
    await route.fulfill({ response });
  });
  await second.goto(app.address);
  await second.getByRole("textbox", { name: "Message" }).waitFor();
  await send(first, "Before");
  await reply(first, TEN).waitFor();
  await first.getByRole("status").filter({ hasText: "ready" }).waitFor();
  isHeld = true;
  joined.resolve();
  await expect.poll(() => held).toBe(1);

  await send(second, "Mine");
  await reply(second, "one").waitFor();
  answered.resolve();

  await expect.poll(() => lines(second)).toEqual([
    "user: Before",
    `assistant: ${TEN}`,
    "user: Mine",
    `assistant: ${TEN}`,
  ]);
});

test("a reply is shown in both tabs while it is written, and a stop in one ends it in both", async () => {
  await behave({ reply: Array(200).fill("word").join(" "), tokens_per_second: 10 });
  const first = await openTab();
  await newChat(first);
  const second = await openTab();
  await send(first, "Count");
  await reply(second, "word word").waitFor();

  await second.getByRole("button", { name: "Stop" }).click();

  for (const page of [first, second]) {
    await page.getByRole("status").filter({ hasText: "ready" }).waitFor();
    expect((await lines(page))[1]?.length).toBeLessThan(900);
  }
});

test("a long chat shows its newest messages, then earlier ones in order", async () => {
  const page = await openTab();
  await newChat(page);
  await send(page, "Hello");
  await page.getByRole("status").filter({ hasText: "ready" }).waitFor();
  await seedMessages(page, 120);
  await page.reload();

  await page.getByText("user: message 120").waitFor();
  expect(await lines(page)).toEqual(numbered(71, 120));
  await page.getByRole("button", { name: "Earlier messages" }).click();
  await page.getByText("user: message 21", { exact: true }).waitFor();
  expect(await lines(page)).toEqual(numbered(21, 120));
  await page.getByRole("button", { name: "Earlier messages" }).click();
  await expect.poll(() => lines(page)).toHaveLength(122);
  await page.getByRole("button", { name: "Earlier messages" }).waitFor({ state: "detached" });
});

test("an uploaded file shows its status until it is ready, in both tabs", async () => {
  const first = await openTab();
  await newChat(first);
  const second = await openTab();
  await second.getByText("Files:").waitFor();

  await first.getByLabel("File").setInputFiles({
    name: "rain.txt",
    mimeType: "text/plain",
    buffer: Buffer.from("Rain falls."),
  });

  for (const page of [first, second]) await page.getByText("Files: rain.txt ready").waitFor();
});

test("a refused message shows its code, and the other messages stay", async () => {
  const page = await openTab();
  await newChat(page);

  await send(page, "x".repeat(40_000));

  await page.getByRole("alert").filter({ hasText: /32.?000/ }).waitFor();
  expect(await lines(page)).toHaveLength(1);
  // The browser logs the refused request.
  expect(faults.splice(0)).toEqual([expect.stringContaining("400")]);
});

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => `user: message ${from + index}`);
}

/** Returns the id of the page's user in auth.users. */
async function authIdOf(page: Page): Promise<string> {
  const session = await page.evaluate(() =>
    Object.values(localStorage).map((value) => JSON.parse(value)).find(({ user }) => user)
  );
  return session.user.id;
}

/** Adds chats of the page's user. */
async function seedChats(page: Page, count: number): Promise<void> {
  await asPostgres(
    `insert into public.chat_sessions (user_id, assistant_slug, title, updated_at)
     select p.id, 'coach', 'chat ' || n, now() + n * interval '1 second'
     from public.profiles p, generate_series(1, $2::int) n where p.auth_id = $1`,
    [await authIdOf(page), count],
  );
}

/** Adds messages to the only chat of the page's user. */
async function seedMessages(page: Page, count: number): Promise<void> {
  await asPostgres(
    `insert into public.chat_messages (session_id, user_id, sender, content, parts, status)
     select s.id, s.user_id, 'user', text,
       jsonb_build_array(jsonb_build_object('type', 'text', 'text', text)), 'complete'
     from public.chat_sessions s join public.profiles p on p.id = s.user_id,
       generate_series(1, $2::int) n, lateral (select 'message ' || n) t (text)
     where p.auth_id = $1 order by n`,
    [await authIdOf(page), count],
  );
}
