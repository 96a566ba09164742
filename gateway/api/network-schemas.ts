/**
 * A network as the API takes it: the own JSON format of docs/reference/network.md, with the profiles that its elements name.
 * Here only the shape is checked; what the elements say together is judged by the grid operator, and all of it is told.
 */
import Type, { type Static, type TSchema } from 'typebox'
import { component, Id, sessionIdPattern } from './schemas.ts'

const closed = { additionalProperties: false } as const
const nullable = <S extends TSchema>(schema: S) => Type.Optional(Type.Union([schema, Type.Null()]))
const text = (description: string) => Type.String({ minLength: 1, maxLength: 200, description })
const number = (description: string, bounds: { minimum?: number; exclusiveMinimum?: number } = {}) =>
  Type.Number({ ...bounds, minimum: bounds.minimum ?? -1e12, maximum: 1e12, description })
const positive = (description: string) => Type.Number({ exclusiveMinimum: 0, maximum: 1e12, description })
const notNegative = (description: string) => number(description, { minimum: 0 })
const inService = nullable(Type.Boolean({ description: 'Default true.' }))

const Bus = Type.Object(
  {
    id: text('Id.'),
    kV: positive('Nominal voltage, line to line.'),
    subnet: nullable(text('Part of the grid.')),
    substation: nullable(text('Name of the station.')),
    minVoltagePu: nullable(notNegative('Lowest voltage allowed.')),
    maxVoltagePu: nullable(positive('Highest voltage allowed.')),
    inService
  },
  closed
)
const Line = Type.Object(
  {
    id: text('Id.'),
    from: text('Bus.'),
    to: text('Bus.'),
    lengthKm: nullable(notNegative('Length.')),
    r_ohm: notNegative('Of the whole line.'),
    x_ohm: number('Of the whole line.'),
    c_nF: nullable(notNegative('Of the whole line; default 0.')),
    g_uS: nullable(notNegative('Of the whole line; default 0.')),
    max_A: nullable(positive('Rated current; without it there is no loading.')),
    inService
  },
  closed
)
const Transformer = Type.Object(
  {
    id: text('Id.'),
    highVoltageBus: text('Bus.'),
    lowVoltageBus: text('Bus.'),
    rated_kVA: positive('Of one unit.'),
    highVoltage_kV: positive('Rated voltage.'),
    lowVoltage_kV: positive('Rated voltage.'),
    vk_percent: notNegative('Short-circuit voltage.'),
    vkr_percent: notNegative('Its real part.'),
    ironLoss_kW: nullable(notNegative('Default 0.')),
    i0_percent: nullable(notNegative('Default 0.')),
    shift_degree: nullable(number('By how much the low side lags; default 0.')),
    tapSide: nullable(Type.Enum(['hv', 'lv'])),
    tapKind: nullable(Type.Enum(['ratio', 'ideal'])),
    tapPosition: nullable(number('Default: the neutral one.')),
    tapNeutral: nullable(number('Default 0.')),
    tapMin: nullable(number('Lowest.')),
    tapMax: nullable(number('Highest.')),
    tapStep_percent: nullable(number('Default 0.')),
    tapStep_degree: nullable(number('Default 0.')),
    parallel: nullable(Type.Integer({ minimum: 1, maximum: 1_000, description: 'Equal units; default 1.' })),
    noLoadAt: nullable(Type.Enum(['middle', 'ends', 'hv', 'lv'])),
    loadingFactor: nullable(positive('Default 1.')),
    inService
  },
  closed
)
const Switch = Type.Object(
  {
    id: text('Id.'),
    bus: text('Where it is.'),
    element: text('The other bus, or the line or transformer that ends at the bus.'),
    elementType: Type.Enum(['bus', 'line', 'transformer']),
    closed: Type.Boolean()
  },
  closed
)
const ExternalGrid = Type.Object(
  { bus: text('Bus.'), vm_pu: nullable(positive('Default 1.')), va_degree: nullable(number('Default 0.')) },
  closed
)
const Injector = Type.Object(
  {
    id: text('Id.'),
    bus: text('Bus.'),
    p_kW: number('At the rated point; a generator injects.'),
    q_kvar: number('At the rated point.'),
    rated_kVA: nullable(notNegative('Rated power.')),
    capacity_kWh: nullable(notNegative('Of a storage.')),
    kind: nullable(text('For people.')),
    profile: nullable(text('Name of its profile.')),
    pod: nullable(text('Point of delivery that it is metered at.')),
    inService
  },
  closed
)
const Shunt = Type.Object(
  { id: text('Id.'), bus: text('Bus.'), p_kW: number('At 1 pu.'), q_kvar: number('At 1 pu.'), inService },
  closed
)

const many = <S extends TSchema>(item: S) => Type.Optional(Type.Array(item, { maxItems: 100_000 }))

const NetworkDocument = component(
  'NetworkDocument',
  Type.Object(
    {
      $schema: Type.Optional(Type.String({ maxLength: 500 })),
      name: nullable(text('For people.')),
      source: nullable(text('Where it comes from.')),
      baseMVA: nullable(positive('Read and not used: all quantities are in units.')),
      frequencyHz: nullable(positive('Default 50.')),
      buses: Type.Array(Bus, { maxItems: 100_000 }),
      lines: many(Line),
      transformers: many(Transformer),
      switches: many(Switch),
      externalGrid: Type.Optional(ExternalGrid),
      externalGrids: many(ExternalGrid),
      loads: many(Injector),
      generators: many(Injector),
      storages: many(Injector),
      shunts: many(Shunt)
    },
    closed
  )
)

const shares = (description: string) =>
  Type.Array(Type.Object({ p: number('Of p_kW.'), q: Type.Optional(number('Of q_kvar; default: as p.')) }, closed), {
    maxItems: 96,
    description
  })
const NetworkProfile = Type.Object(
  {
    name: text('As elements name it.'),
    workday: shares('96 quarter-hours of the clock.'),
    saturday: Type.Optional(shares('96; without them as a working day.')),
    holiday: Type.Optional(shares('96; without them as a working day.'))
  },
  closed
)

const voltagePu = Type.Optional(Type.Number({ minimum: 0.5, maximum: 1.5, description: 'pu of nominal.' }))
const Band = Type.Object({ minPu: voltagePu, maxPu: voltagePu }, closed)
const percent = Type.Number({ minimum: 1, maximum: 400, description: 'Percent of the rating.' })
/** As many as the elements of the largest network that a body holds. */
const byId = <S extends TSchema>(schema: S) =>
  Type.Optional(Type.Record(Type.String(), schema, { maxProperties: 50_000, description: 'By id of the element.' }))
const NetworkLimits = component(
  'NetworkLimits',
  Type.Object(
    {
      $schema: Type.Optional(Type.String({ maxLength: 200 })),
      voltage: Type.Optional(
        Type.Object({ low: Type.Optional(Band), medium: Type.Optional(Band), high: Type.Optional(Band) }, closed)
      ),
      loadingPercent: Type.Optional(percent),
      buses: byId(Band),
      lines: byId(percent),
      transformers: byId(percent)
    },
    { ...closed, description: 'Limits of this version of the network; what is left out is that of the default (T-71).' }
  )
)

export const NetworkImport = component(
  'NetworkImport',
  Type.Object(
    {
      network: NetworkDocument,
      profiles: Type.Optional(
        Type.Array(NetworkProfile, {
          maxItems: 5_000,
          description: 'Typical days of elements, as shares of their rated point, until something was learned of them.'
        })
      ),
      limits: Type.Optional(NetworkLimits)
    },
    closed
  )
)

export const Switching = component(
  'Switching',
  Type.Object(
    {
      switches: Type.Array(Type.Object({ id: text('Id of the switch.'), closed: Type.Boolean() }, closed), {
        maxItems: 10_000
      }),
      persistent: Type.Boolean({
        description: 'True: the places of points of delivery are sent again (T-51); false: for the calculation alone.'
      })
    },
    closed
  )
)

const Value = Type.Union([Type.Integer({ minimum: -1e12, maximum: 1e12 }), Type.Null()])
export const Measurements = component(
  'Measurements',
  Type.Object(
    {
      series: text('Load, generator or storage of the network.'),
      date: Type.String({ format: 'date', description: 'Local day.' }),
      timeZone: Type.String({ maxLength: 60, description: 'IANA zone of the day.', examples: ['Europe/Rome'] }),
      p: Type.Array(Value, {
        maxItems: 100,
        description: 'W by quarter-hour from the beginning of the day; withdrawal is positive. Fewer: the day so far.'
      }),
      q: Type.Optional(Type.Array(Value, { maxItems: 100, description: 'var by quarter-hour.' }))
    },
    closed
  )
)

export const Plant = component(
  'Plant',
  Type.Object(
    {
      series: text('Load, generator or storage of the network.'),
      kind: Type.Enum(['load', 'other', 'solar', 'wind']),
      ratedWatt: nullable(positive('Solar: at 1,000 W/m² and 25 °C; wind: at the rated speed.')),
      latitudeDegree: nullable(number('Solar: north is positive.')),
      longitudeDegree: nullable(number('Solar: east is positive.')),
      tiltDegree: nullable(number('Solar: 0 lies flat.')),
      azimuthDegree: nullable(number('Solar: clockwise from north.')),
      hubHeightM: nullable(number('Wind: m.')),
      cutInMs: nullable(number('Wind: m/s.')),
      ratedMs: nullable(number('Wind: m/s.')),
      cutOutMs: nullable(number('Wind: m/s.'))
    },
    closed
  )
)

const rows = (description: string) =>
  Type.Optional(Type.Array(Type.Union([Type.Number(), Type.Null()]), { maxItems: 1_000, description }))
export const WeatherReport = component(
  'WeatherReport',
  Type.Object(
    {
      start: Type.String({ format: 'quarter-hour', description: 'RFC 3339 with offset, on a quarter-hour.' }),
      stepMinutes: Type.Integer({ minimum: 15, maximum: 60, description: '15, 30 or 60.' }),
      ghi: rows('Global horizontal irradiance, W/m².'),
      cloudShare: rows('Share of the sky that is covered.'),
      temperature: rows('°C.'),
      wind: rows('m/s, 10 m above ground.')
    },
    closed
  )
)

export const ProposalChoice = component(
  'ProposalChoice',
  Type.Object(
    {
      requestIds: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,80}$' }), {
        maxItems: 1_000,
        description: 'Empty: all that wait.'
      })
    },
    closed
  )
)

export const gridSession = (label: string) =>
  Type.Object({
    sessionId: Type.String({
      pattern: sessionIdPattern,
      description: 'Session id: <delivery date>.<DA or RTn>.<PoM>.',
      examples: [`2025-03-29.${label}.POM-ROMA-SUD`]
    })
  })
export const GridSessionParams = gridSession('DA')

export const PomParams = Type.Object({ pom: Type.String({ ...Id, examples: ['POM-ROMA-SUD'] }) })

export type NetworkBody = Static<typeof NetworkImport>
