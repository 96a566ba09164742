/**
 * A radial network of any size from a seed: medium-voltage feeders, a transformer to low voltage every 80 buses, low-voltage
 * lines and a load at each bus below it; small enough a load that it can be run.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import type { Network } from '../../domain/grid/network.ts'
import { parseNetwork } from '../../domain/grid/network-file.ts'

const LOW_VOLTAGE_BUSES = 80

export const syntheticNetwork = (size: number, seed = 1): Network => {
  const generator = xoroshiro128plus(seed)
  const draw = (): number => (generator.next() >>> 0) / 2 ** 32
  const buses: { id: string; kV: number }[] = [{ id: '0', kV: 20 }]
  const lines: object[] = []
  const transformers: object[] = []
  const loads: object[] = []
  const medium = ['0']
  while (buses.length < size) {
    const station = String(buses.length)
    const from = medium[Math.floor(draw() ** 0.3 * medium.length)] ?? '0'
    buses.push({ id: station, kV: 20 })
    medium.push(station)
    lines.push({ id: `m${station}`, from, to: station, r_ohm: 0.05 + 0.05 * draw(), x_ohm: 0.04, c_nF: 60, max_A: 300 })
    if (buses.length >= size) break
    const busbar = String(buses.length)
    buses.push({ id: busbar, kV: 0.4 })
    transformers.push({ id: `t${busbar}`, highVoltageBus: station, lowVoltageBus: busbar, ...plate })
    const low = [busbar]
    for (let n = 0; n < LOW_VOLTAGE_BUSES && buses.length < size; n++) {
      const id = String(buses.length)
      const up = low[Math.floor(draw() * low.length)] ?? busbar
      buses.push({ id, kV: 0.4 })
      low.push(id)
      lines.push({ id: `l${id}`, from: up, to: id, r_ohm: 0.004 + 0.004 * draw(), x_ohm: 0.002, c_nF: 8, max_A: 270 })
      loads.push({ id: `load ${id}`, bus: id, p_kW: 2 * draw(), q_kvar: 0.5 * draw() })
    }
  }
  const { network, problems } = parseNetwork({
    name: `synthetic, ${size} buses`,
    buses,
    lines,
    transformers,
    externalGrid: { bus: '0', vm_pu: 1.02 },
    loads
  })
  if (network === undefined) throw new Error(JSON.stringify(problems))
  return network
}

const plate = {
  ...{ rated_kVA: 400, highVoltage_kV: 20, lowVoltage_kV: 0.4, vk_percent: 6, vkr_percent: 1.4, ironLoss_kW: 1.35 },
  ...{ i0_percent: 0.34, shift_degree: 150 }
}
