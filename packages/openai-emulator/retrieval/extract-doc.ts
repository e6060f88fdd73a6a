import WordExtractor from "word-extractor";

/** Returns the text of an old Word document. Throws if the content is not one. */
export async function extractDoc(content: Buffer): Promise<string> {
  const document = await new WordExtractor().extract(content);
  return [document.getBody(), document.getFootnotes(), document.getEndnotes()].join("\n");
}
