/**
 * Reads a TypeScript source far enough to answer two questions: what does it import, and which names does its code use.
 * Comments and the text of strings, templates and regular expressions are taken out first, so that a word in a comment is
 * no violation and an import in a string is no import.
 *
 * Assumes sources that the formatter has written; it is no parser. A `/` begins a regular expression where no value can
 * stand before it.
 */

export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly text: string
}

export interface Import {
  /** As written; undefined for a dynamic import of something computed. */
  readonly specifier: string | undefined
  readonly typeOnly: boolean
  /** The names between the braces, by their name in the other module; empty for anything else. */
  readonly names: readonly string[]
  readonly line: number
}

interface MaskedSource {
  /** The code with every string literal replaced by `'n'`, its index in `strings`; lines are where they were. */
  readonly code: string
  readonly strings: readonly string[]
}

const valueBefore = /(?:[\w$)\]}'`]|\+\+|--)\s*$/
const keywordBefore = /\b(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield|instanceof)\s*$/
const regularExpression = /^\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/

export const mask = (text: string): MaskedSource => {
  const strings: string[] = []
  // What each open brace belongs to: code, or the ${…} of a template to which the scanner returns at its end.
  const braces: ('code' | 'template')[] = []
  let code = ''
  let at = 0

  const keepLines = (taken: string): string => taken.replace(/[^\n]+/g, '')
  const take = (pattern: RegExp): string => pattern.exec(text.slice(at))?.[0] ?? text.slice(at)
  const templateText = (): void => {
    const taken = take(/^(?:\\[\s\S]|\$(?!\{)|[^\\`$])*/)
    code += keepLines(taken)
    at += taken.length
    if (text.startsWith('${', at)) {
      braces.push('template')
      code += ' ('
      at += 2
    } else {
      code += '`'
      at += 1
    }
  }

  while (at < text.length) {
    const char = text.charAt(at)
    if (text.startsWith('//', at)) at += take(/^[^\n]*/).length
    else if (text.startsWith('/*', at)) {
      const taken = take(/^\/\*[\s\S]*?\*\//)
      code += ` ${keepLines(taken)}`
      at += taken.length
    } else if (char === "'" || char === '"') {
      const taken = take(char === "'" ? /^'(?:\\[\s\S]|[^'\\])*'/ : /^"(?:\\[\s\S]|[^"\\])*"/)
      code += `'${strings.push(taken.slice(1, -1)) - 1}'`
      at += taken.length
    } else if (char === '`') {
      code += '`'
      at += 1
      templateText()
    } else if (char === '/' && (!valueBefore.test(code.slice(-40)) || keywordBefore.test(code.slice(-40)))) {
      const taken = regularExpression.exec(text.slice(at, at + 2_000))?.[0] ?? '/'
      code += '0'
      at += taken.length
    } else if (char === '}' && braces.at(-1) === 'template') {
      braces.pop()
      code += ')'
      at += 1
      templateText()
    } else {
      if (char === '{') braces.push('code')
      if (char === '}') braces.pop()
      code += char
      at += 1
    }
  }
  return { code, strings }
}

const lineOf = (code: string, index: number): number => code.slice(0, index).split('\n').length

const clause = String.raw`\*(?:\s+as\s+[\w$]+)?|(?:[\w$]+\s*,\s*)?(?:\{[^{}]*\}|\*\s+as\s+[\w$]+)|[\w$]+`
const staticImport = new RegExp(
  String.raw`\b(?:import|export)\s+(?<type>type\s+)?(?:(?<clause>${clause})\s*from\s*)?'(?<string>\d+)'`,
  'g'
)
const dynamicImport = /\b(?:import|require)\s*\(\s*(?:'(?<string>\d+)'\s*[,)])?/g

export const importsOf = (file: SourceFile): readonly Import[] => {
  const { code, strings } = mask(file.text)
  const fixed = [...code.matchAll(staticImport)].map(
    (match): Import => ({
      specifier: strings[Number(match.groups?.['string'])],
      typeOnly: match.groups?.['type'] !== undefined,
      names: namesIn(match.groups?.['clause'] ?? ''),
      line: lineOf(code, match.index)
    })
  )
  const dynamic = [...code.matchAll(dynamicImport)].map(
    (match): Import => ({
      specifier: match.groups?.['string'] === undefined ? undefined : strings[Number(match.groups['string'])],
      typeOnly: false,
      names: [],
      line: lineOf(code, match.index)
    })
  )
  return [...fixed, ...dynamic]
}

const namesIn = (text: string): readonly string[] =>
  (/\{([^}]*)\}/.exec(text)?.[1] ?? '')
    .split(',')
    .map(
      name =>
        name
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? ''
    )
    .filter(name => name !== '')

/** Where `pattern` stands in the code of the file, comments and strings left out. */
export const usesOf = (
  file: SourceFile,
  pattern: RegExp
): readonly { readonly found: string; readonly line: number }[] => {
  const { code } = mask(file.text)
  return [...code.matchAll(new RegExp(pattern, 'g'))].map(match => ({
    found: match[0].trim(),
    line: lineOf(code, match.index)
  }))
}
