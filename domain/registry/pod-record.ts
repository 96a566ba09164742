/**
 * Range checks of a PoD's registry document (DM-POD, T-40 … T-42). All problems are reported, none is corrected.
 * Assumes the shape (types, integers) was checked where the document came in.
 */
import type { BaselineSlot, PodRecord } from '../../schemas/generated.ts'
import { isId } from '../units/ids.ts'
import { QUANTITY_MAX } from '../units/quantities.ts'
import type { reasons } from '../units/refusal.ts'

type Sink = ReturnType<typeof reasons>

/** A normal day; daylight-saving days are mapped onto it by whoever reads the curve (T-03, T-42). */
export const BASELINE_SLOTS = 96

/** An aggregator of this name would share the topics of an operator (MP-KAF-01). */
const operatorNames: readonly string[] = ['DSO', 'TSO']

const cosPhiPattern = /^(0(\.\d{1,4})?|1(\.0{1,4})?)[RA]$/

export const checkPodRecord = (record: PodRecord, sink: Sink): void => {
  if (!isId(record.aggregatorId)) sink.add('bad-id', '/aggregatorId')
  else if (operatorNames.includes(record.aggregatorId))
    sink.add('bad-id', '/aggregatorId', `${record.aggregatorId} names an operator's topics.`)
  if (!isId(record.zone)) sink.add('bad-id', '/zone')
  if (!cosPhiPattern.test(record.cosPhi)) sink.add('bad-cos-phi', '/cosPhi')
  for (const name of ['contractualPower', 'pnp', 'inp'] as const) range(record[name], 0, QUANTITY_MAX, `/${name}`, sink)
  for (const name of ['inq', 'cnq'] as const) range(record[name], -QUANTITY_MAX, QUANTITY_MAX, `/${name}`, sink)
  if (record.cnp !== null) range(record.cnp, 0, QUANTITY_MAX, '/cnp', sink)
  checkBand(record, sink)
  for (const day of ['workday', 'saturday', 'holiday'] as const)
    checkBaseline(record.powerBaselineCurves[day], record, `/powerBaselineCurves/${day}`, sink)
  if (record.services.some((service, index) => record.services.indexOf(service) !== index))
    sink.add('bad-range', '/services', 'A service is named twice.')
}

/** What can flow through the connection, W: all of its injection and all of its withdrawal. */
const swing = (record: PodRecord): number => record.inp + Math.max(record.cnp ?? 0, record.contractualPower)

/** The band cannot be wider than what the connection can carry in both directions together. */
const checkBand = (record: PodRecord, sink: Sink): void => {
  const { upperP, downP, upperQ, downQ } = record.maxFlexibility
  const most = Math.min(swing(record), QUANTITY_MAX)
  range(upperP, 0, most, '/maxFlexibility/upperP', sink)
  range(downP, -most, 0, '/maxFlexibility/downP', sink)
  range(upperQ, 0, most, '/maxFlexibility/upperQ', sink)
  range(downQ, -most, 0, '/maxFlexibility/downQ', sink)
}

/** Withdrawal is positive; the available power is 110 % of the contract, as Italian meters tolerate. */
const checkBaseline = (slots: readonly BaselineSlot[], record: PodRecord, path: string, sink: Sink): void => {
  if (slots.length === 0) return
  if (slots.length !== BASELINE_SLOTS) {
    sink.add('bad-baseline', path, `A baseline has ${BASELINE_SLOTS} slots or none, this one has ${slots.length}.`)
    return
  }
  const most = Math.ceil(1.1 * Math.max(record.cnp ?? 0, record.contractualPower))
  const least = -Math.ceil(1.1 * record.inp)
  for (let index = 0; index < slots.length; index++) {
    const { p, q } = slots[index]!
    if (p < least || p > most)
      sink.add(
        'bad-baseline',
        `${path}/${index}/p`,
        `${p} W is outside of ${least} … ${most} W, what the connection can carry.`
      )
    if (Math.abs(q) > QUANTITY_MAX) sink.add('bad-baseline', `${path}/${index}/q`)
  }
}

const range = (value: number, least: number, most: number, path: string, sink: Sink): void => {
  if (!Number.isSafeInteger(value) || value < least || value > most)
    sink.add('bad-range', path, `Expected a whole number from ${least} to ${most}, got ${value}.`)
}
