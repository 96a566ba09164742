/** What a stage of the benchmark asks the parties' process to do. Documents are prepared before a clock starts. */

export type Actor = 'ACEAE' | 'ARETI' | 'TERNA'

export type Order =
  /** Makes the documents of the points of delivery, first under other codes. */
  | { readonly do: 'prepare-pods' }
  | { readonly do: 'prepare-day'; readonly start: number }
  /** Sends documents that were prepared, in calls as large as the gateway takes them. */
  | {
      readonly do: 'post'
      readonly actor: Actor
      readonly documents: string
      readonly path: string
      readonly key: string
    }
  | { readonly do: 'send'; readonly actor: Actor; readonly path: string; readonly body: object; readonly key: string }
  /** Reads a list to its last byte, and keeps it. */
  | { readonly do: 'read'; readonly actor: Actor; readonly path: string }
  /** Number of items of what was read last. */
  | { readonly do: 'count' }

export interface Asked {
  readonly id: number
  readonly order: Order
}

export type Answered =
  | { readonly id: number; readonly result: number }
  | { readonly id: number; readonly error: string }
