/** The bootstrap superuser. `postgres` is not one, as on Supabase: migrations run without superuser rights. */
export const SUPERUSER = "supabase_admin";
