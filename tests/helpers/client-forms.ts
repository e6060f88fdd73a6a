/** A form as a client sends it: the bytes between and around the boundaries are its own. */
export interface ClientForm {
  client: string;
  contentType: string;
  /** Text in Latin-1, one character a byte. `<session>` stands for the session's id. */
  body: string;
  /** The name that the file must get. */
  fileName: string;
}

/** The content of the file in every form. */
export const CONTENT = "Money comes back within fourteen days.\n";

const utf8 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text));

function form(
  client: string,
  { boundary, quoted = false, fileName }: { boundary: string; quoted?: boolean; fileName: string },
  parts: [headers: string[], content: string][],
  end = "\r\n",
): ClientForm {
  const body = parts.map(([headers, content]) =>
    `--${boundary}\r\n${headers.join("\r\n")}\r\n\r\n${content}\r\n`
  );
  return {
    client,
    contentType: `multipart/form-data; boundary=${quoted ? `"${boundary}"` : boundary}`,
    body: `${body.join("")}--${boundary}--${end}`,
    fileName,
  };
}

/** Forms as common clients send them, with the names that have caused trouble. */
export const CLIENT_FORMS: ClientForm[] = [
  // https://github.com/dotnet/runtime/blob/main/src/libraries/System.Net.Http: MultipartFormDataContent
  form("HttpClient of .NET", {
    boundary: "5a6e2d0c-3c61-4f43-9a5b-b2a2f5f0a001",
    quoted: true,
    fileName: "test.txt",
  }, [
    [[
      "Content-Type: text/plain; charset=utf-8",
      "Content-Disposition: form-data; name=session_id",
    ], "<session>"],
    [
      ["Content-Disposition: form-data; name=file; filename=test.txt; filename*=utf-8''test.txt"],
      CONTENT,
    ],
  ]),
  form("HttpClient of .NET, a name beyond ASCII", {
    boundary: "5a6e2d0c-3c61-4f43-9a5b-b2a2f5f0a002",
    quoted: true,
    fileName: "売上報告.txt",
  }, [
    [["Content-Disposition: form-data; name=session_id"], "<session>"],
    [[
      'Content-Disposition: form-data; name=file; filename="=?utf-8?B?5aOy5LiK5aCx5ZGKLnR4dA==?="; ' +
      "filename*=utf-8''%E5%A3%B2%E4%B8%8A%E5%A0%B1%E5%91%8A.txt",
    ], CONTENT],
  ]),
  // org.apache.http.entity.mime.MultipartEntityBuilder
  form("HttpClient of Apache, for Java", { boundary: "mA2xE-9_qK", fileName: "notes.txt" }, [
    [[
      'Content-Disposition: form-data; name="session_id"',
      "Content-Type: text/plain; charset=ISO-8859-1",
      "Content-Transfer-Encoding: 8bit",
    ], "<session>"],
    [[
      'Content-Disposition: form-data; name="file"; filename="notes.txt"',
      "Content-Type: application/octet-stream",
      "Content-Transfer-Encoding: binary",
    ], CONTENT],
  ]),
  // org.springframework.http.converter.FormHttpMessageConverter
  form("RestTemplate of Spring, for Java", {
    boundary: "Pq-4tQ",
    fileName: "Übersicht.txt",
  }, [
    [[
      'Content-Disposition: form-data; name="session_id"',
      "Content-Type: text/plain;charset=UTF-8",
      "Content-Length: 36",
    ], "<session>"],
    [[
      'Content-Disposition: form-data; name="file"; filename="=?UTF-8?Q?=C3=9Cbersicht.txt?="',
      "Content-Type: text/plain",
      "Content-Length: 39",
    ], CONTENT],
  ]),
  // urllib3.fields.RequestField, which requests uses
  form("requests, for Python", {
    boundary: "d1f6a2c0b3e44c1fa7d8e9f001122334",
    fileName: "Übersicht.txt",
  }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [
      [utf8('Content-Disposition: form-data; name="file"; filename="Übersicht.txt"')],
      CONTENT,
    ],
  ]),
  form("requests before urllib3 1.25", {
    boundary: "d1f6a2c0b3e44c1fa7d8e9f001122335",
    fileName: "Übersicht.txt",
  }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [
      ["Content-Disposition: form-data; name=\"file\"; filename*=utf-8''%C3%9Cbersicht.txt"],
      CONTENT,
    ],
  ]),
  // https://github.com/curl/curl/pull/7789: before 7.81 with backslashes, since then as browsers do
  form("curl before 7.81", {
    boundary: "------------------------d74496d66958873e",
    fileName: 'say "hi".txt',
  }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [[
      'Content-Disposition: form-data; name="file"; filename="say \\"hi\\".txt"',
      "Content-Type: text/plain",
    ], CONTENT],
  ]),
  form("curl", {
    boundary: "------------------------YkXx5Vb0aSg3Yp2vRq9Zt1",
    fileName: 'say "hi".txt',
  }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [[
      'Content-Disposition: form-data; name="file"; filename="say %22hi%22.txt"',
      "Content-Type: text/plain",
    ], CONTENT],
  ]),
  form("a browser", {
    boundary: "----WebKitFormBoundary7MA4YWxkTrZu0gW",
    fileName: "売上報告 今週;最終.txt",
  }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [[
      utf8('Content-Disposition: form-data; name="file"; filename="売上報告 今週;最終.txt"'),
      "Content-Type: text/plain",
    ], CONTENT],
  ]),
  form("an old browser on Windows", {
    boundary: "---------------------------7d41b838504d8",
    fileName: "notes.txt",
  }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [[
      'Content-Disposition: form-data; name="file"; filename="C:\\Users\\me\\notes.txt"',
      "Content-Type: text/plain",
    ], CONTENT],
  ]),
  // mime/multipart.Writer
  form("mime/multipart, for Go", {
    boundary: "c1a5f2e3b4d6978801234567890abcdef0123456789abcdef0123456789a",
    fileName: 'a "b".txt',
  }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [[
      'Content-Disposition: form-data; name="file"; filename="a \\"b\\".txt"',
      "Content-Type: application/octet-stream",
    ], CONTENT],
  ]),
  // GuzzleHttp\Psr7\MultipartStream
  form("Guzzle, for PHP", {
    boundary: "f3b7c0a1d2e4958671a0b9c8d7e6f504",
    fileName: "notes.txt",
  }, [
    [
      ['Content-Disposition: form-data; name="session_id"', "Content-Length: 36"],
      "<session>",
    ],
    [[
      'Content-Disposition: form-data; name="file"; filename="notes.txt"',
      "Content-Length: 39",
      "Content-Type: text/plain",
    ], CONTENT],
  ]),
  form("a client that folds lines and ends without a line end", {
    boundary: "=_folded",
    quoted: true,
    fileName: "notes.txt",
  }, [
    [['content-disposition: form-data;\r\n\tname="session_id"'], "<session>"],
    [
      ['content-disposition: form-data;\r\n name="file";\r\n filename="notes.txt"'],
      CONTENT,
    ],
  ], ""),
  form("a client that names no file", { boundary: "x", fileName: "file" }, [
    [['Content-Disposition: form-data; name="session_id"'], "<session>"],
    [
      ['Content-Disposition: form-data; name="file"', "Content-Type: application/octet-stream"],
      CONTENT,
    ],
  ]),
  form("a client that writes names in Latin-1", { boundary: "y", fileName: "Grüße.txt" }, [
    [["Content-Disposition: form-data; name=session_id"], "<session>"],
    [['Content-Disposition: form-data; name=file; filename="Gr\xfc\xdfe.txt"'], CONTENT],
  ]),
];

/** Returns the bytes of a form for a session. */
export function bodyOf({ body }: ClientForm, sessionId: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    body.replace("<session>", sessionId),
    (character) => character.charCodeAt(0),
  );
}
