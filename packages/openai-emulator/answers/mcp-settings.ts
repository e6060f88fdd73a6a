import * as z from "zod";

/** A tool of an MCP server, with what each call of it gets. */
const McpTool = z.strictObject({
  name: z.string(),
  description: z.string().optional(),
  input_schema: z.record(z.string(), z.unknown()).optional(),
  read_only: z.boolean().optional(),
  output: z.string().optional(),
  /** The text of the error that each call of the tool gets. */
  error: z.string().optional(),
});
export type McpTool = z.infer<typeof McpTool>;

/** The MCP servers of the behaviour, by `server_label`. No real server is contacted. */
export const McpServers = z.record(
  z.string(),
  z.strictObject({
    tools: z.array(McpTool).default([]),
    /** The token that `authorization` must hold; with another one, the server answers 401. */
    authorization: z.string().optional(),
    /** The HTTP status of a server that does not list its tools. */
    fails: z.int().min(400).max(599).optional(),
  }),
);
export type McpServers = z.infer<typeof McpServers>;
