"use client";

import { createClient } from "@supabase/supabase-js";
import { createParley, type Database, type ParleyMessage } from "parley-client";
import { useFiles, useParleyChat, useSessions, useUsage } from "parley-client/react";
import { type FormEvent, useEffect, useState } from "react";
import { API_URL, PUBLISHABLE_KEY } from "./config";

const supabase = createClient<Database>(API_URL, PUBLISHABLE_KEY);
const parley = createParley(supabase);

export default function App() {
  const [isSignedIn, setIsSignedIn] = useState(false);
  useEffect(() => {
    void signInOnce().then(() => setIsSignedIn(true));
  }, []);
  return isSignedIn ? <Chats /> : <p>One moment</p>;
}

let signedIn: Promise<void> | undefined;

/** Signs a new user up. React calls effects twice in development. */
function signInOnce() {
  return signedIn ??= signIn();
}

async function signIn() {
  const { data } = await supabase.auth.getSession();
  if (data.session) return;
  const email = `user-${crypto.randomUUID()}@example.com`;
  await supabase.auth.signUp({ email, password: crypto.randomUUID() });
}

function Chats() {
  const { sessions, isLoading } = useSessions(parley);
  const { data } = useUsage(parley);
  const [chosen, setChosen] = useState<string>();
  const sessionId = chosen ?? sessions[0]?.id;
  const create = async () =>
    setChosen((await parley.sessions.create({ assistant_slug: "coach" })).id);
  return (
    <main>
      <p>Messages this month: {data?.monthly_messages.used}</p>
      <button type="button" onClick={create} disabled={isLoading}>New chat</button>
      <nav>
        {sessions.map(({ id, title }) => (
          <button
            type="button"
            key={id}
            onClick={() => setChosen(id)}
          >
            {title ?? "Untitled"}
          </button>
        ))}
      </nav>
      {sessionId && <Chat key={sessionId} sessionId={sessionId} />}
    </main>
  );
}

function Chat({ sessionId }: { sessionId: string }) {
  const { messages, sendMessage, stop, status, history, error } = useParleyChat(parley, {
    sessionId,
  });
  const files = useFiles(parley, { sessionId });
  const [text, setText] = useState("");
  const send = (event: FormEvent) => {
    event.preventDefault();
    setText("");
    void sendMessage({ text });
  };
  return (
    <section>
      {history.hasEarlier && <button type="button" onClick={history.loadEarlier}>Earlier</button>}
      <ol>
        {messages.map((message) => <li key={message.id}>{message.role}: {textOf(message)}</li>)}
      </ol>
      <p>
        Files: {files.data?.map(({ file_name, status }) => `${file_name} ${status}`).join(", ")}
      </p>
      <input
        type="file"
        aria-label="File"
        onChange={({ target }) => target.files?.[0] && void files.upload(target.files[0])}
      />
      <form onSubmit={send}>
        <input aria-label="Message" value={text} onChange={({ target }) => setText(target.value)} />
        <button type="submit" disabled={history.status !== "ready"}>Send</button>
      </form>
      <button type="button" onClick={stop} disabled={status !== "streaming"}>Stop</button>
      <p role="status">{status}</p>
      {error && <p role="alert">{error.code}</p>}
    </section>
  );
}

function textOf({ parts }: ParleyMessage) {
  return parts.map((part) => part.type === "text" ? part.text : "").join("");
}
