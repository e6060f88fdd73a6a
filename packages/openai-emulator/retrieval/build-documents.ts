import { crc32, deflateRawSync } from "node:zlib";

/** An entry of a zip archive; `claimed` is a false size for the archive's directory. */
interface ZipEntry {
  name: string;
  content: Buffer;
  claimed?: number;
}

/** Builds a zip archive (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3). */
export function buildZip(entries: readonly ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, content, claimed = content.length } of entries) {
    const data = deflateRawSync(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(content), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(claimed, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, Buffer.from(name), data]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const madeBy = Buffer.from("PK\x01\x02\x14\x00", "latin1");
    directory.push(Buffer.concat([madeBy, common, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...directory, end]);
}

const RELATIONS = `<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
  <Relationship Id="r1" Target="word/document.xml"
    Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>`;

const TYPES = `<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="xml" ContentType="application/xml"/>
</Types>`;

/** Builds a Word document with these paragraphs; `more` adds entries to its archive. */
export function buildDocx(paragraphs: readonly string[], more: readonly ZipEntry[] = []): Buffer {
  const body = paragraphs.map((text) => `<w:p><w:r><w:t>${text}</w:t></w:r></w:p>`).join("");
  const namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
  const document = `<w:document xmlns:w="${namespace}"><w:body>${body}</w:body></w:document>`;
  return buildZip([
    { name: "[Content_Types].xml", content: Buffer.from(TYPES) },
    { name: "_rels/.rels", content: Buffer.from(RELATIONS) },
    { name: "word/document.xml", content: Buffer.from(document) },
    ...more,
  ]);
}

/** Builds a presentation with these texts, one a slide. */
export function buildPptx(slides: readonly string[]): Buffer {
  const namespace = "http://schemas.openxmlformats.org/drawingml/2006/main";
  return buildZip([
    { name: "[Content_Types].xml", content: Buffer.from(TYPES) },
    { name: "ppt/presentation.xml", content: Buffer.from("<p:presentation/>") },
    ...slides.map((text, index) => ({
      name: `ppt/slides/slide${index + 1}.xml`,
      content: Buffer.from(
        `<p:sld xmlns:a="${namespace}"><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:sld>`,
      ),
    })),
  ]);
}

/** Builds a PDF with these lines on one page. */
export function buildPdf(lines: readonly string[]): Buffer {
  const shown = lines.map((line) => `(${line}) Tj T*`).join("\n");
  const page = `BT /F1 12 Tf 72 720 Td 14 TL\n${shown}\nET`;
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R" +
    "/Resources<</Font<</F1 5 0 R>>>>>>",
    `<</Length ${page.length}>>stream\n${page}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ];
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const start = file.length;
  file += `xref\n0 6\n0000000000 65535 f \n${offsets.join("")}`;
  file += `trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, "latin1");
}
