/**
 * The powers of many slots as one piece of memory that several threads read at once: it is written once, before any of them
 * sees it. `unpackSlots(packSlots(slots))` is the slots again, as views of that memory.
 */
import type { SlotPowers } from './power-flow.ts'

export interface PackedSlots {
  /** Per slot, part and list of a part: where in `values` it begins (-1: the slot has no such part) and how long it is. */
  readonly places: Int32Array
  readonly values: Float64Array<SharedArrayBuffer>
}

type Part = readonly [Float64Array, Float64Array] | undefined

const PARTS = 5
const LISTS = 2
const PLACES = 2 * LISTS * PARTS

export const packSlots = (slots: readonly SlotPowers[]): PackedSlots => {
  const places = new Int32Array(PLACES * slots.length)
  let length = 0
  const parts = slots.map(partsOf)
  parts.flat().forEach((part, n) => {
    for (let list = 0; list < LISTS; list++) {
      const at = 2 * (LISTS * n + list)
      places[at] = part === undefined ? -1 : length
      places[at + 1] = part === undefined ? 0 : part[list]!.length
      length += places[at + 1]!
    }
  })
  const values = new Float64Array(new SharedArrayBuffer(length * Float64Array.BYTES_PER_ELEMENT))
  parts.flat().forEach((part, n) => {
    for (let list = 0; list < LISTS; list++) if (part) values.set(part[list]!, places[2 * (LISTS * n + list)]!)
  })
  return { places, values }
}

export const unpackSlots = ({ places, values }: PackedSlots): readonly SlotPowers[] => {
  const list = (at: number): Float64Array => values.subarray(places[at]!, places[at]! + places[at + 1]!)
  const powers = (at: number) => ({ p_kW: list(at), q_kvar: list(at + 2) })
  return Array.from({ length: places.length / PLACES }, (_, slot): SlotPowers => {
    const [loads, generators, storages, injected, externalGrids] = Array.from(
      { length: PARTS },
      (_, part) => PLACES * slot + 2 * LISTS * part
    ).map(at => (places[at]! < 0 ? undefined : at))
    return {
      ...(loads !== undefined && { loads: powers(loads) }),
      ...(generators !== undefined && { generators: powers(generators) }),
      ...(storages !== undefined && { storages: powers(storages) }),
      ...(injected !== undefined && { injected: powers(injected) }),
      ...(externalGrids !== undefined && {
        externalGrids: { vm_pu: list(externalGrids), va_degree: list(externalGrids + 2) }
      })
    }
  })
}

const partsOf = ({ loads, generators, storages, injected, externalGrids }: SlotPowers): readonly Part[] => [
  ...[loads, generators, storages, injected].map((part): Part => part && [part.p_kW, part.q_kvar]),
  externalGrids && [externalGrids.vm_pu, externalGrids.va_degree]
]
