/** For whom a query is answered. Every query takes one: there is no way to ask without saying who asks. */
export interface Actor {
  readonly role: 'aggregator' | 'dso' | 'tso' | 'administrator'
  readonly id: string
}
