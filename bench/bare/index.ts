// The baseline of the benchmarks of turns: the least that a function can do for a chat. The gateway checks the
// caller's token; one call reads the session from the database; and the provider's stream is passed through.
import process from "node:process";
import { createClient } from "@supabase/supabase-js";

const { SUPABASE_URL = "", SUPABASE_SECRET_KEYS = "{}", OPENAI_BASE_URL, OPENAI_API_KEY } =
  process.env;
const { default: secretKey } = JSON.parse(SUPABASE_SECRET_KEYS);
const database = createClient(SUPABASE_URL, secretKey, { auth: { persistSession: false } });

export default {
  async fetch(request: Request): Promise<Response> {
    const { session_id, content } = await request.json();
    const { data: session } = await database.from("chat_sessions").select("id, assistant_slug")
      .eq("id", session_id).single().throwOnError();
    const { body, status } = await fetch(`${OPENAI_BASE_URL}/responses`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${OPENAI_API_KEY}` },
      body: JSON.stringify({
        model: "gpt-5.4-mini",
        input: content,
        stream: true,
        metadata: { session_id: session.id },
      }),
    });
    return new Response(body, { status, headers: { "content-type": "text/event-stream" } });
  },
};
