/**
 * The commands of a page, as one script: all its `sh` blocks in their order, run by bash in an empty folder that looks like a
 * checkout. What the page shows as output (`text` blocks) is compared with what came out.
 *
 * Installing and testing are left out, since both have happened when this runs. What goes on serving is started in the
 * background and waited for, as a reader would with a second terminal; what a page itself puts there (`&`) runs beside what
 * serves already, until the page ends it with `kill $(jobs -p)`.
 */

export interface Page {
  readonly commands: string
  /** Lines that the page shows, in order; `…` stands for anything. */
  readonly shown: readonly string[]
}

export const pageOf = (markdown: string): Page => {
  const blocks = [...markdown.matchAll(/^```(sh|text)\n(.*?)^```$/gms)].map(([, kind, text = '']) => ({ kind, text }))
  const of = (wanted: string): string =>
    blocks
      .filter(({ kind }) => kind === wanted)
      .map(({ text }) => text)
      .join('')
  return {
    commands: of('sh'),
    shown: of('text')
      .split('\n')
      .filter(line => line !== '' && line !== '…')
  }
}

/** Of these a page only says that they exist. */
const leftOut = /^npm (ci|test)\b/

const servesOn = (command: string): boolean =>
  /^(\w+=\S+ )*npx +flexledger +serve\b/.test(command) ||
  (/^(npx +flexledger +run|npm start)\b/.test(command) && !/--exit\b/.test(command))

const inBackground = (line: string): string =>
  line.endsWith('&')
    ? ` ${line.replace(/ *&$/, '')}`
        .replace(/ (npx|npm) /, ' alongside $1 ')
        .trimStart()
        .replace(/^alongside /, ' alongside ')
    : line.replace(/(npx|npm) /, 'in_background $1 ')

const endsAll = 'kill $(jobs -p)'

/** A production start is shown to be refused; it does not serve. */
const isRefused = (command: string): boolean => command.includes('||')

export const scriptOf = ({ commands }: Page): string =>
  commands
    .replaceAll(/ *\\\n */g, ' ')
    .split('\n')
    .flatMap(line => line.split(' && '))
    .map(line => line.replace(/\s+#.*$/, '').trim())
    .filter(line => line !== '' && !leftOut.test(line))
    .map(line => (servesOn(line) && !isRefused(line) ? inBackground(line) : line))
    .map(line => (line === endsAll ? 'end_of_page' : line))
    .flatMap((line, n, lines) =>
      lines[n - 1]?.includes(' alongside ') && !line.includes(' alongside ') ? ['until_all_serve', line] : [line]
    )
    // Answers of the API do not end their last line.
    .map(line => (line.startsWith('curl ') ? `${line}\necho` : line))
    .join('\n')

/** Which shown line did not come out; undefined if all did, in their order. */
export const missingLine = (shown: readonly string[], output: string): string | undefined => {
  let rest = output
  for (const line of shown) {
    const pattern = line.split('…').map(part => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    const found = new RegExp(`^${pattern.join('.*')}$`, 'm').exec(rest)
    if (!found) return line
    rest = rest.slice(found.index + found[0].length)
  }
  return undefined
}
