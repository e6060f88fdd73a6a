import { defineConfig } from "tsdown";

/** Builds what `npm pack` packs: ES modules and their types, checked by publint and Are the Types Wrong. */
export default defineConfig({
  entry: ["src/index.ts", "src/react/index.ts"],
  platform: "neutral",
  target: "es2022",
  dts: true,
  publint: { strict: true },
  attw: { profile: "esm-only", level: "error" },
});
