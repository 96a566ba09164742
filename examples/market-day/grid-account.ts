/**
 * What the day was good for, by a calculation of its own: the limits that the grid would have broken without the market, those
 * that it still breaks when everybody does what was validated, what the grid operator asked for and got, and what it cut.
 *
 * It reads the validated outcomes as the grid operator does, over REST, and owes nothing else to the platform.
 */
import { gridDayOf, type MarketGrid } from './network/market-grid.ts'
import { checkDay, type DayCheck } from './network/power-check.ts'
import { type DecidedSession, movementsOf, servicesOf } from './parties/validated-services.ts'
import type { Profiles } from './population.ts'
import type { RestClient } from './rest-client.ts'

export interface GridLine {
  readonly pom: string
  readonly buses: number
  readonly pods: number
  /** Limits broken, counted for each element and quarter-hour. */
  readonly violationsBefore: number
  readonly violationsAfter: number
  readonly quarterHoursBefore: number
  readonly quarterHoursAfter: number
  /** Quarter-hours for which the power flow has no solution; they count as broken. */
  readonly unsolvedBefore: number
  readonly unsolvedAfter: number
  readonly minVoltagePuBefore: number
  readonly minVoltagePuAfter: number
  readonly maxVoltagePuBefore: number
  readonly maxVoltagePuAfter: number
  /** Of lines and transformers. */
  readonly maxLoadingPercentBefore: number
  readonly maxLoadingPercentAfter: number
  /** Asked by the grid operator, and bought for it: active energy, and reactive. */
  readonly askedWh: number
  readonly boughtWh: number
  readonly askedVarh: number
  readonly boughtVarh: number
  /** Accepted by the market and taken away, all or in part, by the technical outcome. */
  readonly curtailedServices: number
  readonly curtailedWh: number
}

export interface GridDayAsked {
  readonly grid: MarketGrid
  readonly date: string
  /** Start of each MTU of the day, ms. */
  readonly mtuStarts: readonly number[]
  readonly profiles: Profiles
  readonly sessions: readonly DecidedSession[]
  /** As the grid operator. */
  readonly client: RestClient
}

export const gridLine = async ({
  grid,
  date,
  mtuStarts,
  profiles,
  sessions,
  client
}: GridDayAsked): Promise<GridLine> => {
  const mtus = mtuStarts.length
  const services = await servicesOf(client, sessions)
  const curtailed = services.filter(({ curtailedWattMtus }) => curtailedWattMtus > 0)
  const day = gridDayOf(grid, date, mtus, profiles)
  const before = checkDay(grid, day, mtus)
  const after = checkDay(grid, day, mtus, movementsOf(services, mtuStarts))
  return {
    pom: grid.pom,
    buses: grid.network.buses.length,
    pods: grid.network.loads.filter(({ pod }) => pod !== undefined).length,
    violationsBefore: violationsIn(before),
    violationsAfter: violationsIn(after),
    quarterHoursBefore: brokenIn(before),
    quarterHoursAfter: brokenIn(after),
    unsolvedBefore: unsolvedIn(before),
    unsolvedAfter: unsolvedIn(after),
    minVoltagePuBefore: sixDigits(before.minVoltagePu),
    minVoltagePuAfter: sixDigits(after.minVoltagePu),
    maxVoltagePuBefore: sixDigits(before.maxVoltagePu),
    maxVoltagePuAfter: sixDigits(after.maxVoltagePu),
    maxLoadingPercentBefore: sixDigits(before.maxLoadingPercent),
    maxLoadingPercentAfter: sixDigits(after.maxLoadingPercent),
    ...(await volumesOf(client, sessions)),
    curtailedServices: curtailed.length,
    curtailedWh: curtailed.reduce((sum, one) => sum + one.curtailedWattMtus, 0) / 4
  }
}

interface RequestOutcome {
  readonly side: 'DSO' | 'TSO'
  readonly quantity: 'P' | 'Q'
  readonly carriedFrom: string | null
  readonly servedWattMtus: number
  readonly residualWattMtus: number
}

/** What is left of a request is asked again in later sessions; it was asked for once. */
const volumesOf = async (client: RestClient, sessions: readonly DecidedSession[]) => {
  const sum = { askedWh: 0, boughtWh: 0, askedVarh: 0, boughtVarh: 0 }
  for (const { id } of sessions) {
    const outcomes = await client.list<RequestOutcome>(`/v1/sessions/${id}/request-outcomes?stage=validated`)
    for (const { side, quantity, carriedFrom, servedWattMtus, residualWattMtus } of outcomes) {
      if (side !== 'DSO') continue
      const asked = carriedFrom === null ? (servedWattMtus + residualWattMtus) / 4 : 0
      sum[quantity === 'P' ? 'askedWh' : 'askedVarh'] += asked
      sum[quantity === 'P' ? 'boughtWh' : 'boughtVarh'] += servedWattMtus / 4
    }
  }
  return sum
}

const violationsIn = ({ mtus }: DayCheck): number => mtus.reduce((sum, one) => sum + (one?.length ?? 0), 0)
const brokenIn = ({ mtus }: DayCheck): number => mtus.filter(one => one?.length !== 0).length
const unsolvedIn = ({ mtus }: DayCheck): number => mtus.filter(one => one === undefined).length
const sixDigits = (value: number): number => Number(value.toPrecision(6))
