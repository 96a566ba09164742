/**
 * Technical data of series in a JSON object by id: `{ "PV-1": { "kind": "solar", "rated_W": 5000, … } }`; a series that is
 * not named is a load. All problems at once, each with its place.
 */
import type { PlantData } from './series-model.ts'

export interface PlantProblem {
  readonly path: string
  readonly detail: string
}

export type ReadPlants =
  | { readonly plants: ReadonlyMap<string, PlantData>; readonly problems: readonly PlantProblem[] }
  | { readonly plants?: never; readonly problems: readonly PlantProblem[] }

type Range = readonly [least: number, most: number]

/** Power up to 1 GW, as everywhere; the others are what the words allow. */
const fieldsOf = {
  load: {},
  other: {},
  solar: {
    rated_W: [1, 1e9],
    latitude_degree: [-90, 90],
    longitude_degree: [-180, 180],
    tilt_degree: [0, 90],
    azimuth_degree: [0, 360]
  },
  wind: {
    rated_W: [1, 1e9],
    hubHeight_m: [2, 300],
    cutIn_m_s: [0, 30],
    rated_m_s: [1, 40],
    cutOut_m_s: [2, 60]
  }
} as const satisfies Readonly<Record<PlantData['kind'], Readonly<Record<string, Range>>>>

export const parsePlants = (json: unknown): ReadPlants => {
  const problems: PlantProblem[] = []
  if (!isObject(json)) return { problems: [{ path: '', detail: 'Plants are a JSON object by id of the series.' }] }
  const plants = new Map<string, PlantData>()
  for (const [id, plant] of Object.entries(json)) {
    const path = `/${id.replaceAll('~', '~0').replaceAll('/', '~1')}`
    const found = plantOf(plant, path, problems)
    if (found !== undefined) plants.set(id, found)
  }
  return problems.length > 0 ? { problems } : { plants, problems }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isKind = (kind: unknown): kind is PlantData['kind'] => typeof kind === 'string' && Object.hasOwn(fieldsOf, kind)

const plantOf = (plant: unknown, path: string, problems: PlantProblem[]): PlantData | undefined => {
  if (!isObject(plant)) {
    problems.push({ path, detail: 'must be an object' })
    return undefined
  }
  const { kind } = plant
  if (!isKind(kind)) {
    problems.push({ path: `${path}/kind`, detail: `must be one of ${Object.keys(fieldsOf).join(', ')}` })
    return undefined
  }
  const before = problems.length
  const fields: Readonly<Record<string, Range>> = fieldsOf[kind]
  for (const name of Object.keys(plant))
    if (name !== 'kind' && !Object.hasOwn(fields, name))
      problems.push({ path: `${path}/${name}`, detail: `${name} is no field of kind ${kind}` })
  const numbers: Record<string, number> = {}
  for (const [name, [least, most]] of Object.entries(fields)) {
    const value = plant[name]
    if (typeof value === 'number' && least <= value && value <= most) numbers[name] = value
    else problems.push({ path: `${path}/${name}`, detail: `must be a number from ${least} to ${most}` })
  }
  const { cutIn_m_s = 0, rated_m_s = 1, cutOut_m_s = 2 } = numbers
  if (kind === 'wind' && !(cutIn_m_s < rated_m_s && rated_m_s < cutOut_m_s))
    problems.push({ path, detail: 'cutIn_m_s must be below rated_m_s, and that below cutOut_m_s' })
  // Each field of the kind is a checked number now.
  return problems.length > before ? undefined : ({ kind, ...numbers } as PlantData)
}
