/**
 * Technical validation (DTP-ATV-01, DTP-ATV-02, FR_DTP_ATV_2): all services that the market accepted on the grid, slot by slot;
 * where limits break, the largest acceptable set by rank, proven by a power flow.
 *
 * Slots are judged each by itself, then joined where a block needs one amount in all of its slots. What broke without any
 * service counts as groundOf says. A slot whose grid has no state without services proves nothing, so nothing is accepted
 * there (unless all services together are within the limits). The same arguments give the same answer.
 */
import { joinBlocks } from './join-blocks.ts'
import { judgeFirst } from './judged-alone.ts'
import { placeServices } from './placed-services.ts'
import type { TechnicalValidation } from './service.ts'
import { slotOpener } from './slot-opener.ts'
import { cuttingOf, type ValidationCase } from './validation-case.ts'
import { validationOf } from './validation-of.ts'

export const validateServices = (given: ValidationCase): TechnicalValidation => {
  const placed = placeServices(given)
  const open = slotOpener(given, placed)
  const cases = given.slots.map((_, slot) => open(slot))
  for (const one of cases) judgeFirst(one)
  joinBlocks(given.services, cases, cuttingOf(given).step)
  return validationOf(
    given.services,
    placed,
    cases.map(one => ({ levels: one.levels, reasons: one.reasons, grid: one.close() }))
  )
}
