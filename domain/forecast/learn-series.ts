/**
 * A model from a measured series: every whole local day of it in order (DTP-FC-04), up to a date. Days that teach nothing are
 * told with the reason.
 */

import { MTU_MS } from '../units/time.ts'
import { type LearnRefusal, learn } from './learn.ts'
import { dayEnd, type LocalDay, localDayAt } from './local-day.ts'
import type { MeasuredSeries } from './measurement-file.ts'
import type { SeriesModel } from './series-model.ts'
import type { Weather } from './weather.ts'

export interface LearnedSeries {
  readonly model: SeriesModel
  readonly refused: readonly { readonly date: string; readonly reason: LearnRefusal }[]
}

/** The local days that lie in a measured time as a whole; the same for all series of it. */
export const wholeDays = (start: number, slots: number, zone: string): readonly LocalDay[] => {
  const end = start + slots * MTU_MS
  const days: LocalDay[] = []
  for (let day = localDayAt(start, zone); dayEnd(day) <= end; day = localDayAt(dayEnd(day), zone))
    if (day.start >= start) days.push(day)
  return days
}

export const learnSeries = (
  model: SeriesModel,
  series: MeasuredSeries & { readonly start: number },
  days: readonly LocalDay[],
  weather?: Weather
): LearnedSeries => {
  const refused: { date: string; reason: LearnRefusal }[] = []
  let learned = model
  for (const day of days) {
    const from = (day.start - series.start) / MTU_MS
    const to = from + day.slots.length
    const result = learn(learned, {
      day,
      p: series.p.subarray(from, to),
      ...(series.q && { q: series.q.subarray(from, to) }),
      ...(weather && { weather })
    })
    if (result.model === undefined) refused.push({ date: day.date, reason: result.refusal })
    else learned = result.model
  }
  return { model: learned, refused }
}
