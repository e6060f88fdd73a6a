// `npm run docs`: writes docs/reference/ from the catalogue of the database, `types/` and the code.
import { startScratchDatabase } from "../local/postgres/scratch-database.ts";
import { generateReference, writeReference } from "./reference/generate.ts";

await using database = await startScratchDatabase();
const pages = await generateReference(database.url("postgres"));
await writeReference(pages);
console.log(`Wrote ${pages.size} files to docs/reference/`);
