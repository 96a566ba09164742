/**
 * Which clearing a session gets: the exact one, or, where its rules name objectives, the multi-objective mode with the exact
 * result as its yardstick (MP-CLR-01, T-12). Until deliveries are settled every provider is a newcomer (T-13).
 */

import type { SessionRules } from '../../../schemas/generated.ts'
import type { Solver } from '../../optimisation/solver.ts'
import type { Book, ClearingOutcome } from '../clearing/book.ts'
import { clearBook, clearToColumns } from '../clearing/clear-book.ts'
import { type ClearedTogether, clearTogether } from '../clearing/clear-together.ts'
import { columnsOfOutcome } from '../clearing/outcome.ts'
import type { Team } from '../clearing/team.ts'
import { clearMultiObjective } from '../multi-objective/multi-objective-clearing.ts'
import { isObjective, type Objective } from '../multi-objective/objectives.ts'
import type { Reliability } from '../multi-objective/reliability.ts'
import type { Clear } from './close-session.ts'

/** Enough for the front of a substation's book (see the benchmarks of the mode); both are recorded by version. */
export const POPULATION = 60
export const GENERATIONS = 100

const newcomers: Reliability = { units: {} }

export const clearSession = (solver: Solver): Clear => {
  const exact = (book: Book): ClearingOutcome => clearBook(book, solver)
  return (book, rules) => {
    if (rules.objectives.length === 0) return clearToColumns(book, solver)
    const objectives = rules.objectives.map(objectiveOf)
    const { outcome } = clearMultiObjective(
      book,
      {
        objectives,
        reliability: newcomers,
        seed: rules.seed,
        population: POPULATION,
        generations: GENERATIONS,
        ...(rules.objectiveWeights.length > 0 ? { weights: weightsOf(objectives, rules.objectiveWeights) } : {})
      },
      exact
    )
    return columnsOfOutcome(book, outcome)
  }
}

/** Whether members of a team would find an outcome, as far as that is known beforehand. */
export const isForTeam = ({ offers, rules: { gapAccepted = 0 } }: Book, { objectives }: SessionRules): boolean =>
  objectives.length === 0 && (gapAccepted > 0 || offers.every(({ kind }) => kind === 'single'))

/** By all members of a team at the same time; undefined where `clearSession` has to do it. */
export const clearSessionTogether =
  (solver: Solver) =>
  (book: Book, rules: SessionRules, team: Team): ClearedTogether | undefined =>
    isForTeam(book, rules) ? clearTogether(book, solver.name, team) : undefined

const objectiveOf = (name: string): Objective => {
  // The rules of a session are configuration that was checked when the process started.
  if (!isObjective(name)) throw new Error(`${name} is no objective`)
  return name
}

const weightsOf = (objectives: readonly Objective[], weights: readonly number[]): Partial<Record<Objective, number>> =>
  Object.fromEntries(objectives.map((objective, n) => [objective, weights[n] ?? 0]))
