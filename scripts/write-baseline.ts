// `npm run db:baseline`: writes the migration that makes a whole database from the files of sql/.
import { writeBaseline } from "../local/migrations/baseline.ts";

console.log(`supabase/migrations/${await writeBaseline()} is written from sql/.`);
