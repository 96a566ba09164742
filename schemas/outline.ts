/**
 * A message without what is long in it and read by few. Most of the bytes of a document of a point of delivery are its baselines;
 * a reader that needs none of them is spared their hundreds of objects.
 *
 * Whatever takes an outline takes the whole message too. What is left out is passed over by its length and not looked at.
 */
import type { Message } from './generated.ts'

type LeftOut = 'powerBaselineCurves'

/** Fields that are left out, of any record that has them. */
export const leftOut: ReadonlySet<string> = new Set<LeftOut>(['powerBaselineCurves'])

export type Outline<Whole = Message> = Whole extends readonly (infer Item)[]
  ? readonly Outline<Item>[]
  : Whole extends object
    ? { readonly [Name in keyof Whole as Exclude<Name, LeftOut>]: Outline<Whole[Name]> }
    : Whole
