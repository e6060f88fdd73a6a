// `npm run db:baseline`: writes the migration that creates a whole database, from the files of sql/.
import { writeBaseline } from "../local/migrations/baseline.ts";

console.log(`Wrote supabase/migrations/${await writeBaseline()} from sql/`);
