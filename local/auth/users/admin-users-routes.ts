import * as z from "zod";
import { parseAttributes, UserAttributes } from "./admin-attributes.ts";
import { changeUser, createUser } from "./admin-users.ts";
import { describeUser, loadDescription } from "./describe-user.ts";
import { AuthError } from "../http/errors.ts";
import { findIdentities } from "./identities.ts";
import { hashPassword, randomPassword } from "./passwords.ts";
import { type AuthPorts, inTransaction } from "../http/ports.ts";
import { flag, readBody } from "../http/read-request.ts";
import { findUser, type StoredUser, toUser, type User } from "./users.ts";

const PAGE_SIZE = 50;

const Deletion = z.object({ should_soft_delete: flag });
const Page = z.object({
  page: z.coerce.number().int().positive().max(1e9).default(1),
  per_page: z.coerce.number().int().positive().max(1e6).default(PAGE_SIZE),
});

/** Answers `GET /admin/users?page=&per_page=` with the users, newest first. */
export async function listUsers({ database }: AuthPorts, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const { page, per_page: size } = parsePage(url.searchParams);
  const { rows: [count] } = await database.query<{ total: number }>(
    "select count(*)::integer as total from auth.users",
  );
  const { rows } = await database.query<StoredUser>(
    "select * from auth.users order by created_at desc, id limit $1 offset $2",
    [size, (page - 1) * size],
  );
  const users = rows.map(toUser);
  const identities = await findIdentities(database, users.map(({ id }) => id));
  const body = {
    users: users.map((user) =>
      describeUser(user, identities.filter(({ user_id }) => user_id === user.id))
    ),
    aud: "authenticated",
  };
  const total = count?.total ?? 0;
  const headers = { "x-total-count": String(total), link: links(url, page, size, total) };
  return Response.json(body, { headers });
}

function parsePage(query: URLSearchParams): z.infer<typeof Page> {
  // The client sends an empty text for an omitted option.
  const given = Object.fromEntries([...query].filter(([, value]) => value !== ""));
  const parsed = Page.safeParse(given);
  if (!parsed.success) throw new AuthError("validation_failed", "Bad Pagination Parameters");
  return parsed.data;
}

/** Builds the `link` header. `page` comes first, because the client reads the number after the first `=`. */
function links(url: URL, page: number, size: number, total: number): string {
  const last = Math.ceil(total / size);
  const link = (to: number, rel: string) =>
    `<${url.origin}${url.pathname}?page=${to}&per_page=${size}>; rel="${rel}"`;
  return [...(page < last ? [link(page + 1, "next")] : []), link(last, "last")].join(", ");
}

/** Answers `GET /admin/users/:id`. */
export async function showUser(ports: AuthPorts, _: Request, id: string): Promise<Response> {
  return Response.json(await loadDescription(ports.database, await requireKnown(ports, id)));
}

/** Answers `POST /admin/users`. */
export async function addUser(ports: AuthPorts, request: Request): Promise<Response> {
  const attributes = await parseAttributes(await readBody(request, UserAttributes));
  if (!attributes.email && !attributes.phone) {
    throw new AuthError(
      "validation_failed",
      "Cannot create a user without either an email or phone",
    );
  }
  const passwordHash = attributes.passwordHash ?? await hashPassword(randomPassword());
  const user = await inTransaction(
    ports.database,
    (db) => createUser(db, { ...attributes, passwordHash }),
  );
  return Response.json(await loadDescription(ports.database, user));
}

/** Answers `PUT /admin/users/:id`. */
export async function editUser(ports: AuthPorts, request: Request, id: string): Promise<Response> {
  await requireKnown(ports, id);
  const attributes = await parseAttributes(await readBody(request, UserAttributes));
  const user = await inTransaction(ports.database, (db) => changeUser(db, id, attributes));
  return Response.json(await loadDescription(ports.database, user));
}

/** Answers `DELETE /admin/users/:id`. The deletion is final: the local stack has no soft deletion. */
export async function removeUser(
  ports: AuthPorts,
  request: Request,
  id: string,
): Promise<Response> {
  await requireKnown(ports, id);
  const hasBody = (await request.clone().text()) !== "";
  if (hasBody && (await readBody(request, Deletion)).should_soft_delete) {
    throw new AuthError(
      "validation_failed",
      "The local stack deletes users for good: send should_soft_delete false",
    );
  }
  await ports.database.query("delete from auth.users where id = $1", [id]);
  return Response.json({});
}

async function requireKnown({ database }: AuthPorts, id: string): Promise<User> {
  const user = z.guid().safeParse(id).success ? await findUser(database, "id", id) : null;
  if (!user) throw new AuthError("user_not_found", "User not found");
  return user;
}
