import ts from 'typescript';

/** One reference from a source file to another file or a package. */
export interface Specifier {
  readonly text: string;
  readonly line: number;
  /** True where only types are taken, so that nothing of it is loaded. */
  readonly typeOnly: boolean;
}

/** What a file refers to; `dynamic` holds the lines of imports whose target is not a literal, which no rule can check. */
export interface References {
  readonly specifiers: readonly Specifier[];
  readonly dynamic: readonly number[];
}

/**
 * Every module that a TypeScript source refers to: `import`, `export … from`, `import type`, `import()`, `require()`,
 * `import.meta.resolve()` and `new URL('…', import.meta.url)`, which is how workers and assets are named.
 *
 * @param source the text of a .ts, .js or .mjs file
 * @param firstLine the line of the file at which `source` starts (for a script inside an .astro file)
 */
export function referencesOf(source: string, firstLine = 1): References {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true);
  const specifiers: Specifier[] = [];
  const dynamic: number[] = [];
  const lineOf = (node: ts.Node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + firstLine;
  const add = (node: ts.Node, typeOnly: boolean) => {
    if (ts.isStringLiteralLike(node)) specifiers.push({ text: node.text, line: lineOf(node), typeOnly });
    else dynamic.push(lineOf(node));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && loads(node.expression)) {
      const [target] = node.arguments;
      if (target !== undefined) add(target, false);
    } else if (ts.isNewExpression(node) && isModuleUrl(node)) {
      const [target] = node.arguments ?? [];
      // Whatever is not a module by its name is a folder or a file to read.
      if (target !== undefined && ts.isStringLiteralLike(target) && /\.(m?[jt]s|wasm)$/.test(target.text))
        add(target, false);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return { specifiers, dynamic };
}

/** `import`, `require`, `require.resolve` and `import.meta.resolve`. */
function loads(callee: ts.Expression): boolean {
  if (callee.kind === ts.SyntaxKind.ImportKeyword) return true;
  return /^(require|require\.resolve|import\.meta\.resolve)$/.test(callee.getText());
}

function isModuleUrl(node: ts.NewExpression): boolean {
  return node.expression.getText() === 'URL' && node.arguments?.[1]?.getText() === 'import.meta.url';
}

/** The parts of an .astro file: code that runs at build time, and code that is sent to the browser. */
export interface AstroReferences {
  readonly build: References;
  readonly client: References;
}

/** @param source the text of an .astro file: a frontmatter between `---` lines, then markup with `<script>` elements */
export function astroReferencesOf(source: string): AstroReferences {
  const frontmatter = /^\s*---\r?\n([\s\S]*?)\r?\n---/.exec(source);
  const build = frontmatter?.[1] ?? '';
  const client: References[] = [];
  const markup = frontmatter === null ? 0 : frontmatter.index + frontmatter[0].length;
  for (const script of source.slice(markup).matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/g)) {
    const start = markup + script.index + script[0].indexOf('>') + 1;
    const line = source.slice(0, start).split('\n').length;
    client.push(referencesOf(script[2] ?? '', line));
    const src = /\bsrc="(\.[^"]*)"/.exec(script[1] ?? '');
    if (src?.[1] !== undefined) client.push({ specifiers: [{ text: src[1], line, typeOnly: false }], dynamic: [] });
  }
  return {
    build: referencesOf(build, 2),
    client: { specifiers: client.flatMap((c) => c.specifiers), dynamic: client.flatMap((c) => c.dynamic) },
  };
}
