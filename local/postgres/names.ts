/** The bootstrap superuser. As on Supabase, `postgres` is not a superuser: migrations run without such rights. */
export const SUPERUSER = "supabase_admin";
