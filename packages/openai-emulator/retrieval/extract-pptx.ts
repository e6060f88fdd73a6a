import { text as readStream } from "node:stream/consumers";
import { SaxesParser } from "saxes";
import { type Entry, fromBufferPromise } from "yauzl";
import { checkArchive } from "./check-archive.ts";

const SLIDE = /^ppt\/slides\/slide(\d+)\.xml$/;

/**
 * Returns the text of a presentation, one line a paragraph, slide after slide. Throws if the content is not one or
 * unpacks to too much.
 */
export async function extractPptx(content: Buffer): Promise<string> {
  await checkArchive(content);
  const archive = await fromBufferPromise(content);
  const entries = await Array.fromAsync(archive.eachEntry());
  if (!entries.some(({ fileName }) => fileName === "ppt/presentation.xml")) {
    throw new TypeError("not a presentation");
  }
  const slides = entries.filter(({ fileName }) => SLIDE.test(fileName))
    .toSorted((one, other) => numberOf(one) - numberOf(other));
  const texts: string[] = [];
  for (const slide of slides) {
    texts.push(readParagraphs(await readStream(await archive.openReadStreamPromise(slide))));
  }
  return texts.join("\n\n");
}

function numberOf({ fileName }: Entry): number {
  return Number(SLIDE.exec(fileName)?.[1]);
}

function readParagraphs(markup: string): string {
  const parser = new SaxesParser();
  let text = "";
  let isText = false;
  parser.on("opentag", ({ name }) => {
    isText = name === "a:t";
    if (name === "a:br") text += "\n";
  });
  parser.on("text", (piece) => {
    if (isText) text += piece;
  });
  parser.on("closetag", ({ name }) => {
    isText = false;
    if (name === "a:p") text += "\n";
  });
  parser.write(markup).close();
  return text.trim();
}
