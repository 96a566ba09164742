/**
 * Power transformers of CIM as nameplates: impedances of both ends are added up on the high side, the magnetising branch
 * stays at the end that has it. Ratio tap changers by step or by table; whatever turns phases off its neutral step, third
 * windings and impedances that depend on the step are refused.
 */
import type { NetworkProblems } from '../network-problem.ts'
import { type CimObject, type CimReader, placeOf } from './cim-object.ts'
import type { CimTerminals } from './cim-terminals.ts'

type Element = Record<string, unknown>

export interface CimTransformers {
  readonly transformers: readonly Element[]
  readonly switches: readonly Element[]
}

interface End {
  readonly object: CimObject
  readonly bus: string
  readonly isConnected: boolean
  readonly ratedU: number
  readonly r: number
  readonly x: number
  readonly g: number
  readonly b: number
  readonly clock: number
  readonly ratedS: number | undefined
}

const phaseTapChangers = [
  ...['PhaseTapChangerLinear', 'PhaseTapChangerSymmetrical', 'PhaseTapChangerAsymmetrical', 'PhaseTapChangerTabular'],
  'PhaseTapChangerNonLinear'
]

export const cimTransformers = (
  read: CimReader,
  terminals: CimTerminals,
  problems: NetworkProblems
): CimTransformers => {
  const endsOf = Map.groupBy(read.ofTypes('PowerTransformerEnd'), end =>
    read.text(end, 'PowerTransformerEnd.PowerTransformer')
  )
  const ratioTaps = new Map(
    read.ofTypes('RatioTapChanger').map(one => [read.text(one, 'RatioTapChanger.TransformerEnd'), one])
  )
  const tablePoints = Map.groupBy(read.ofTypes('RatioTapChangerTablePoint'), point =>
    read.text(point, 'RatioTapChangerTablePoint.RatioTapChangerTable')
  )
  for (const one of read.ofTypes(...phaseTapChangers)) {
    const step = stepOf(read, one)
    if (step !== undefined && step !== read.number(one, 'TapChanger.neutralStep'))
      problems.error('unsupported', placeOf(one), 'a phase tap changer off its neutral step')
  }
  const switches: Element[] = []
  const transformers = read.ofTypes('PowerTransformer').flatMap(object => {
    const ends = (endsOf.get(object.id) ?? [])
      .toSorted((a, b) => endNumber(read, a) - endNumber(read, b))
      .flatMap(end => endOf(read, terminals, end, problems) ?? [])
    if (ends.length !== 2) {
      problems.error('unsupported', placeOf(object), `has ${ends.length} complete windings, not 2`)
      return []
    }
    const [first, second] = ends as [End, End]
    const isTurned = second.ratedU > first.ratedU
    const [high, low] = isTurned ? [second, first] : [first, second]
    const id = object.id
    for (const { bus, isConnected } of ends)
      if (!isConnected)
        switches.push({ id: `${id} at ${bus}`, bus, element: id, elementType: 'transformer', closed: false })
    const tap = tapOf(read, high, low, ratioTaps, tablePoints, problems)
    return [
      {
        id,
        ...nameplate(object, high, low, problems),
        ...tap,
        // Without a shift of both ends 0: the clock of an end says by how much it lags.
        shift_degree: 30 * (low.clock - high.clock),
        inService: read.boolean(object, 'Equipment.inService') ?? true
      }
    ]
  })
  return { transformers, switches }
}

/** Rated power where no file has one: sizes cancel out of the power flow, and there is no loading to speak of. */
const UNKNOWN_RATING_MVA = 1e6

const nameplate = (object: CimObject, high: End, low: End, problems: NetworkProblems): Element => {
  const squared = (high.ratedU / low.ratedU) ** 2
  const r = high.r + low.r * squared
  const x = high.x + low.x * squared
  const rated_MVA = high.ratedS ?? low.ratedS ?? UNKNOWN_RATING_MVA
  if (high.ratedS === undefined && low.ratedS === undefined)
    problems.warning('missing-data', placeOf(object), 'has no rated power: its loading means nothing')
  const base = high.ratedU ** 2 / rated_MVA
  if (x < 0 || r < 0) problems.error('unsupported', placeOf(object), 'a negative impedance')
  const hasHigh = high.g !== 0 || high.b !== 0
  const hasLow = low.g !== 0 || low.b !== 0
  const g = high.g + low.g / squared
  const b = high.b + low.b / squared
  const areHalves = Math.abs(high.g - low.g / squared) + Math.abs(high.b - low.b / squared) <= 1e-9 * Math.hypot(g, b)
  if (hasHigh && hasLow && !areHalves)
    problems.error('unsupported', placeOf(object), 'unlike magnetising branches at both ends')
  if (b > 0 || g < 0) problems.error('unsupported', placeOf(object), 'a magnetising branch that is no inductive load')
  return {
    highVoltageBus: high.bus,
    lowVoltageBus: low.bus,
    rated_kVA: rated_MVA * 1000,
    highVoltage_kV: high.ratedU,
    lowVoltage_kV: low.ratedU,
    vk_percent: (100 * Math.hypot(r, x)) / base,
    vkr_percent: (100 * r) / base,
    ironLoss_kW: g * high.ratedU ** 2 * 1000,
    i0_percent: (100 * Math.hypot(g, b) * high.ratedU ** 2) / rated_MVA,
    ...(hasHigh && hasLow ? { noLoadAt: 'ends' } : hasHigh ? { noLoadAt: 'hv' } : hasLow ? { noLoadAt: 'lv' } : {})
  }
}

const endOf = (
  read: CimReader,
  terminals: CimTerminals,
  object: CimObject,
  problems: NetworkProblems
): End | undefined => {
  const atTerminal = read.at(object, 'TransformerEnd.Terminal')
  const terminal = atTerminal && terminals.terminal(atTerminal)
  const ratedU = read.number(object, 'PowerTransformerEnd.ratedU')
  if (atTerminal === undefined) problems.error('missing-data', placeOf(object), 'TransformerEnd.Terminal is missing')
  if (ratedU === undefined) problems.error('missing-data', placeOf(object), 'PowerTransformerEnd.ratedU is missing')
  if (terminal === undefined || ratedU === undefined) return undefined
  const value = (name: string): number => read.number(object, `PowerTransformerEnd.${name}`) ?? 0
  return {
    object,
    bus: terminals.busOf(terminal.node),
    isConnected: terminal.isConnected,
    ratedU,
    r: value('r'),
    x: value('x'),
    g: value('g'),
    b: value('b'),
    clock: value('phaseAngleClock'),
    ratedS: read.number(object, 'PowerTransformerEnd.ratedS')
  }
}

const tapOf = (
  read: CimReader,
  high: End,
  low: End,
  ratioTaps: ReadonlyMap<string | undefined, CimObject>,
  tablePoints: ReadonlyMap<string | undefined, readonly CimObject[]>,
  problems: NetworkProblems
): Element => {
  const found = (
    [
      [high, 'hv'],
      [low, 'lv']
    ] as const
  ).flatMap(([end, side]) => {
    const tap = ratioTaps.get(end.object.id)
    return tap === undefined ? [] : [{ tap, end, side }]
  })
  const [first, second] = found
  if (first === undefined) return {}
  if (second !== undefined) problems.error('unsupported', placeOf(second.tap), 'a second tap changer')
  const { tap, end, side } = first
  if (side === 'lv' && (end.g !== 0 || end.b !== 0))
    problems.error('unsupported', placeOf(tap), 'taps and magnetising branch both on the low side')
  const step = stepOf(read, tap)
  const neutral = read.number(tap, 'TapChanger.neutralStep') ?? 0
  if (step === undefined) {
    problems.error('missing-data', placeOf(tap), 'TapChanger.step and normalStep are missing')
    return {}
  }
  const points = tablePoints.get(read.text(tap, 'RatioTapChanger.RatioTapChangerTable') ?? 'none')
  if (points !== undefined) return byTable(read, tap, side, step, points, problems)
  return {
    tapSide: side,
    tapPosition: step,
    tapNeutral: neutral,
    tapMin: read.number(tap, 'TapChanger.lowStep'),
    tapMax: read.number(tap, 'TapChanger.highStep'),
    tapStep_percent: read.number(tap, 'RatioTapChanger.stepVoltageIncrement')
  }
}

/** The ratio of today's step as one step off neutral: the other steps of the table are not kept. */
const byTable = (
  read: CimReader,
  tap: CimObject,
  side: 'hv' | 'lv',
  step: number,
  points: readonly CimObject[],
  problems: NetworkProblems
): Element => {
  const point = points.find(one => read.number(one, 'TapChangerTablePoint.step') === step)
  if (point === undefined) {
    problems.error('missing-data', placeOf(tap), `the table has no step ${step}`)
    return {}
  }
  for (const name of ['r', 'x', 'g', 'b'])
    if ((read.number(point, `TapChangerTablePoint.${name}`) ?? 0) !== 0)
      problems.error('unsupported', placeOf(point), `${name} depends on the step`)
  const ratio = read.number(point, 'TapChangerTablePoint.ratio') ?? 1
  return ratio === 1 ? {} : { tapSide: side, tapPosition: 1, tapNeutral: 0, tapStep_percent: (ratio - 1) * 100 }
}

const stepOf = (read: CimReader, tap: CimObject): number | undefined =>
  read.number(tap, 'TapChanger.step', 'TapChanger.normalStep')

const endNumber = (read: CimReader, end: CimObject): number => read.number(end, 'TransformerEnd.endNumber') ?? 1
