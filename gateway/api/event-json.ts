/** An event of the market as JSON, in the terms of the API: instants as RFC 3339, runs of quarter-hours as [start, end). */
import type { Message } from '../../schemas/generated.ts'
import { MTU_MS } from '../validation.ts'

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** The fields of the streamed events that are runs; all of their other numbers are quantities and prices. */
export const eventJson = ({ type, ...fields }: Message): { readonly [name: string]: Json } => ({
  type,
  ...(jsonOf(fields) as { readonly [name: string]: Json })
})

const jsonOf = (value: unknown): Json => {
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value === 'object' && value !== null) {
    const { start, mtus, ...rest } = value as { readonly start?: unknown; readonly mtus?: unknown }
    if (typeof start === 'number' && typeof mtus === 'number')
      return { start: iso(start), end: iso(start + mtus * MTU_MS), ...jsonFields(rest) }
    return jsonFields(value)
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return null
}

const jsonFields = (value: object) =>
  Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, jsonOf(inner)]))

const iso = (ms: number): string => new Date(ms).toISOString()
