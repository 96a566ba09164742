/** Who serves whom: each grant is a part of an offer, at its bid's price, that serves a request in one MTU. Columns that grow. */

export interface Grants {
  count: number
  offer: Int32Array
  mtu: Int32Array
  request: Int32Array
  /** W or var. */
  power: Float64Array
  /** The bid, µ€ per kWh or kvarh. */
  price: Float64Array
}

export const noGrants = (room = 256): Grants => ({
  count: 0,
  offer: new Int32Array(room),
  mtu: new Int32Array(room),
  request: new Int32Array(room),
  power: new Float64Array(room),
  price: new Float64Array(room)
})

export const addGrant = (
  grants: Grants,
  offer: number,
  mtu: number,
  request: number,
  power: number,
  price: number
): void => {
  const at = grants.count++
  if (at === grants.offer.length) grow(grants, 1)
  grants.offer[at] = offer
  grants.mtu[at] = mtu
  grants.request[at] = request
  grants.power[at] = power
  grants.price[at] = price
}

/** Room for so many more, for whoever writes into the columns. */
export const reserveGrants = (grants: Grants, more: number): void => {
  if (grants.count + more > grants.offer.length) grow(grants, more)
}

const grow = (grants: Grants, more: number): void => {
  const larger = noGrants(2 * grants.offer.length + more)
  for (const column of ['offer', 'mtu', 'request', 'power', 'price'] as const) larger[column].set(grants[column])
  Object.assign(grants, { ...larger, count: grants.count })
}
