/**
 * Reads the quick start out of a README: the fenced `ts` blocks of its "Quick start" section, whose first line is
 * `// file: src/name.ts`, and the fenced `text` block with what the program prints.
 *
 * @param {string} readme
 * @returns {{ files: Map<string, string>, prints: string[] }} files by path, and the lines in their order
 */
export function quickStart(readme) {
  const blocks = fencedBlocks(section(readme, 'Quick start'));
  const files = new Map();
  for (const { language, text } of blocks) {
    if (language !== 'ts') continue;
    const [, path] = /^\/\/ file: (src\/[\w./-]+\.ts)\n/.exec(text) ?? [];
    if (path === undefined) {
      throw new Error(`a ts block of the quick start does not begin with "// file: src/….ts":\n${text}`);
    }
    if (files.has(path)) throw new Error(`two blocks of the quick start are ${path}`);
    files.set(path, text);
  }
  if (!files.has('src/main.ts')) {
    throw new Error('the quick start has no ts block that begins with "// file: src/main.ts"');
  }
  const prints = blocks
    .filter(({ language }) => language === 'text')
    .flatMap(({ text }) => text.split('\n').filter((line) => line.trim() !== ''));
  if (prints.length === 0) throw new Error('the quick start has no text block with what the program prints');
  return { files, prints };
}

/** From the heading to the next one of its level or above. Headings in fenced blocks are none. */
function section(readme, title) {
  const lines = readme.split('\n');
  const from = lines.findIndex((line) => new RegExp(`^#{2,3} ${title}\\s*$`, 'i').test(line));
  if (from < 0) throw new Error(`README.md has no "## ${title}" section`);
  const level = lines[from].indexOf(' ');
  const found = [];
  let fenced = false;
  for (const line of lines.slice(from + 1)) {
    if (line.startsWith('```')) fenced = !fenced;
    if (!fenced && /^#+ /.test(line) && line.indexOf(' ') <= level) break;
    found.push(line);
  }
  return found.join('\n');
}

function fencedBlocks(text) {
  return [...text.matchAll(/^```(\w*)[^\n]*\n([\s\S]*?)^```\s*$/gm)].map(([, language, content]) => ({
    language,
    text: content,
  }));
}
