/** Returns JSON as one line for each value, with its path. Text that is not JSON is returned unchanged. */
export function flattenJson(text: string): string {
  try {
    return listValues(JSON.parse(text), "").join("\n");
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function listValues(value: unknown, path: string): string[] {
  if (typeof value !== "object" || value === null) return [path ? `${path}: ${value}` : `${value}`];
  return Object.entries(value).flatMap(([key, inner]) => {
    const step = Array.isArray(value) ? `[${key}]` : path && `.${key}` || key;
    return listValues(inner, path + step);
  });
}
