import type { Highs } from 'highs'
import loadHighs from 'highs'

/**
 * The linear and mixed-integer solver (HiGHS, compiled to WebAssembly), for every rule that needs one.
 *
 * Loading is the one asynchronous step and happens once, outside the rules; solving is synchronous, single-threaded and
 * bounded by nodes, never by time, so a re-run ends where the first run did. A model owns WebAssembly memory: whoever
 * creates one disposes of it.
 */
export interface Solver {
  readonly highs: Highs
  readonly name: string
}

export const loadSolver = async (): Promise<Solver> => {
  // The package's types describe its CommonJS build; as an ES module its default export is the loader itself.
  const load = loadHighs as unknown as typeof loadHighs.default
  const highs = await load()
  return { highs, name: `highs-${highs.version.string}` }
}
