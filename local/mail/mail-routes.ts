import { Hono } from "hono";
import * as z from "zod";
import type { Mailbox } from "./mailbox.ts";

const LONGEST_WAIT_SECONDS = 30;

const Query = z.object({
  to: z.string().optional(),
  wait: z.coerce.number().min(0).max(LONGEST_WAIT_SECONDS).default(0),
});

/**
 * Creates the routes of the mailbox. `GET /` lists the caught mails, newest first, and `DELETE /` deletes them.
 * `?to=` limits both to one recipient. With `?wait=`, the list waits up to that many seconds for a first mail.
 */
export function createMailRoutes(mailbox: Mailbox): Hono {
  const routes = new Hono();
  routes.get("/", async (c) => {
    const query = Query.safeParse(c.req.query());
    if (!query.success) return c.json({ message: z.prettifyError(query.error) }, 400);
    const { to, wait } = query.data;
    return c.json(await mailbox.wait(to, wait * 1000));
  });
  routes.delete("/", (c) => {
    mailbox.clear(c.req.query("to"));
    return c.body(null, 204);
  });
  return routes;
}
