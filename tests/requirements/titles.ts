/**
 * Finds the titles of tests and the requirement ids with which they begin: `T-17: …`, `FR_MP_FS_4, FR_MP_FS_5.c: …`.
 * A title may be put together at run time; then its first part counts, up to the first `${`.
 *
 * Assumes that a title is the first argument of a call that ends in `test(`, or the title of a contract's test, which every
 * adapter's test file runs. A test that is marked as skipped or as to do holds nothing.
 */

export interface TestTitle {
  /** From the root of the repository. */
  readonly path: string
  readonly title: string
  readonly ids: readonly string[]
}

const id = String.raw`[A-Z][A-Za-z0-9&]*(?:[-_][A-Za-z0-9&]+)+(?:\.[a-z0-9]+)*`
const leadingIds = new RegExp(`^(?<ids>${id}(?:(?:, ?| )${id})*): `)
const call =
  /\btest\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)(?<rest>,\s*\{[^}]*\b(?:skip|todo)\b)?/g

export const idsOf = (title: string): readonly string[] => leadingIds.exec(title)?.groups?.['ids']?.split(/, ?| /) ?? []

export const titlesIn = (path: string, text: string): readonly TestTitle[] =>
  [...text.matchAll(call)]
    .filter(match => match.groups?.['rest'] === undefined)
    .map(([, single, double, template]) => {
      const title = single?.replaceAll("\\'", "'") ?? double ?? (template ?? '').split('${')[0] ?? ''
      return { path, title, ids: idsOf(title) }
    })
