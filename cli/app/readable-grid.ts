/** What the market day did for the grid, to read. */
import type { GridLine } from '../../examples/market-day/grid-account.ts'
import { table } from '../output.ts'

export const readableGrid = (lines: readonly GridLine[]): string =>
  [
    table(
      [
        'grid',
        'limits broken',
        'quarter-hours',
        'voltage pu',
        'highest loading %',
        'asked kWh',
        'bought kWh',
        'curtailed'
      ],
      lines.map(line => [
        line.pom,
        change(line.violationsBefore, line.violationsAfter),
        change(line.quarterHoursBefore, line.quarterHoursAfter),
        change(
          `${line.minVoltagePuBefore.toFixed(4)}…${line.maxVoltagePuBefore.toFixed(4)}`,
          `${line.minVoltagePuAfter.toFixed(4)}…${line.maxVoltagePuAfter.toFixed(4)}`
        ),
        change(line.maxLoadingPercentBefore.toFixed(1), line.maxLoadingPercentAfter.toFixed(1)),
        kWh(line.askedWh),
        kWh(line.boughtWh),
        line.curtailedServices
      ])
    ),
    '',
    verdict(lines)
  ].join('\n')

const change = (before: number | string, after: number | string): string => `${before} → ${after}`
const kWh = (wattHours: number): string => (wattHours / 1_000).toFixed(1)

const verdict = (lines: readonly GridLine[]): string => {
  const before = lines.reduce((sum, line) => sum + line.violationsBefore + line.unsolvedBefore, 0)
  const after = lines.reduce((sum, line) => sum + line.violationsAfter + line.unsolvedAfter, 0)
  if (after > 0) return `After activation ${after} limits are still broken (one for each element and quarter-hour).`
  return before > 0 ? 'After activation no limit is broken any more.' : 'No limit would have been broken.'
}
