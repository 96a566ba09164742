/**
 * Lays the titles of the tests beside the catalogue of requirements: which row is held by which tests. A cancelled row is
 * listed, and asks for nothing. A row with a suffix (`FR_MP_I_1.a`) is a step of another one and is held only by its own
 * tests.
 */
import type { TestTitle } from './titles.ts'

export interface Requirement {
  readonly id: string
  readonly section: string
  readonly title: string
  readonly cancelled?: true
}

export interface Row extends Requirement {
  readonly tests: readonly { readonly path: string; readonly title: string }[]
}

export interface Section {
  readonly section: string
  readonly rows: readonly Row[]
}

export interface Totals {
  readonly requirements: number
  readonly cancelled: number
  readonly held: number
  readonly tests: number
}

export interface Coverage {
  readonly sections: readonly Section[]
  readonly totals: Totals
  /** Ids in titles that the catalogue does not have, with where they stand. */
  readonly unknown: readonly { readonly id: string; readonly path: string; readonly title: string }[]
}

export const coverageOf = (requirements: readonly Requirement[], titles: readonly TestTitle[]): Coverage => {
  const byId = new Map(requirements.map(({ id }) => [id, [] as { path: string; title: string }[]]))
  const unknown: { id: string; path: string; title: string }[] = []
  for (const { path, title, ids } of titles)
    for (const id of ids) {
      const tests = byId.get(id)
      if (tests === undefined) unknown.push({ id, path, title })
      else tests.push({ path, title })
    }
  const rows = requirements.map((requirement): Row => ({ ...requirement, tests: byId.get(requirement.id) ?? [] }))
  const sections = Map.groupBy(rows, ({ section }) => section)
  return {
    sections: [...sections].map(([section, rows]) => ({ section, rows })),
    totals: {
      requirements: rows.length,
      cancelled: rows.filter(({ cancelled }) => cancelled).length,
      held: rows.filter(({ tests }) => tests.length > 0).length,
      tests: titles.filter(({ ids }) => ids.length > 0).length
    },
    unknown
  }
}

const share = (part: number, whole: number): string => `${part} of ${whole}`

/** As text: each section with its rows, held ones with their tests. `missing` lists only the rows without a test. */
export const asText = ({ sections, totals, unknown }: Coverage, missing: boolean): string => {
  const asked = totals.requirements - totals.cancelled
  return [
    ...sections.flatMap(({ section, rows }) => {
      const held = rows.filter(({ tests }) => tests.length > 0).length
      const shown = missing ? rows.filter(({ tests, cancelled }) => tests.length === 0 && !cancelled) : rows
      if (shown.length === 0) return []
      return [`${section}: ${share(held, rows.length)} rows have a test`, ...shown.flatMap(rowLines), '']
    }),
    ...unknown.map(({ id, path, title }) => `not in the catalogue: ${id} in ${path}: ${title}`),
    `${share(totals.held, asked)} requirements have a test (${totals.cancelled} more are cancelled); ${totals.tests} tests name one`
  ].join('\n')
}

const rowLines = ({ id, title, cancelled, tests }: Row): readonly string[] => [
  `  ${tests.length > 0 ? '+' : cancelled ? '/' : '-'} ${id.padEnd(16)} ${title}${cancelled ? ' (cancelled)' : ''}`,
  ...tests.map(test => `      ${test.path}: ${test.title}`)
]
