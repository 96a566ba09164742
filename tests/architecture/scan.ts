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

const valueBefore = /(?:[\w$)\]}'`]|[\w$)\]]!|\+\+|--)\s*$/
const keywordBefore = /\b(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield|instanceof)\s*$/
const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y

const stringsAt = { "'": /'(?:\\[\s\S]|[^'\\])*'/y, '"': /"(?:\\[\s\S]|[^"\\])*"/y }
const lineComment = /\/\/[^\n]*/y
const blockComment = /\/\*[\s\S]*?\*\//y
const templateText = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*/y
const plainCode = /[^'"`/{}]+/y

/** How far back the scanner looks to tell a division from a regular expression: the longest keyword and some blanks. */
const LOOK_BACK = 40

const keepLines = (taken: string): string => taken.replace(/[^\n]+/g, '')

export const mask = (text: string): MaskedSource => {
  const strings: string[] = []
  // What each open brace belongs to: code, or the ${…} of a template to which the scanner returns at its end.
  const braces: ('code' | 'template')[] = []
  const code: string[] = []
  let before = ''
  let at = 0

  const put = (piece: string): void => {
    code.push(piece)
    before = (before + piece.slice(-LOOK_BACK)).slice(-LOOK_BACK)
  }
  /** What `pattern` matches from here on. */
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at
    const taken = pattern.exec(text)?.[0]
    // To read on past what is not understood would hide the imports behind it.
    if (taken === undefined) throw new Error(`not understood: ${text.slice(at, at + 60)}`)
    at += taken.length
    return taken
  }
  const takeTemplate = (): void => {
    put(keepLines(take(templateText)))
    const goesOn = text.startsWith('${', at)
    if (goesOn) braces.push('template')
    put(goesOn ? ' (' : '`')
    at += goesOn ? 2 : 1
  }
  const takeSlash = (): void => {
    if (valueBefore.test(before) && !keywordBefore.test(before)) {
      put('/')
      at += 1
    } else {
      take(regularExpression)
      put('0')
    }
  }

  while (at < text.length) {
    const char = text.charAt(at)
    if (text.startsWith('//', at)) take(lineComment)
    else if (text.startsWith('/*', at)) put(` ${keepLines(take(blockComment))}`)
    else if (char === "'" || char === '"') put(`'${strings.push(take(stringsAt[char]).slice(1, -1)) - 1}'`)
    else if (char === '/') takeSlash()
    else if (char === '`') {
      put('`')
      at += 1
      takeTemplate()
    } else if (char === '}' && braces.at(-1) === 'template') {
      braces.pop()
      put(')')
      at += 1
      takeTemplate()
    } else if (char === '{' || char === '}') {
      if (char === '{') braces.push('code')
      else braces.pop()
      put(char)
      at += 1
    } else put(take(plainCode))
  }
  return { code: code.join(''), strings }
}

/** Every check asks for the same files again: each is masked once. */
const masked = new WeakMap<SourceFile, MaskedSource>()

const maskOf = (file: SourceFile): MaskedSource => {
  const known = masked.get(file) ?? mask(file.text)
  masked.set(file, known)
  return known
}

const lineOf = (code: string, index: number): number => code.slice(0, index).split('\n').length

const clause = String.raw`\*(?:\s+as\s+[\w$]+)?|(?:[\w$]+\s*,\s*)?(?:\{[^{}]*\}|\*\s+as\s+[\w$]+)|[\w$]+`
const staticImport = new RegExp(
  String.raw`\b(?:import|export)\s+(?<type>type\s+)?(?:(?<clause>${clause})\s*from\s*)?'(?<string>\d+)'`,
  'g'
)
const dynamicImport = /\b(?:import|require)\s*\(\s*(?:'(?<string>\d+)'\s*[,)])?/g

export const importsOf = (file: SourceFile): readonly Import[] => {
  const { code, strings } = maskOf(file)
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
  const { code } = maskOf(file)
  return [...code.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map(match => ({
    found: match[0].trim(),
    line: lineOf(code, match.index)
  }))
}
