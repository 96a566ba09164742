/**
 * The examples of what a grid operator tells and reads of its network: a village below one secondary substation, whose
 * cable cannot carry what its workshop and its homes draw together.
 */

const load = (n: number, bus: string, p_kW: number, pod?: string) => ({
  id: `Load-${n}`,
  bus,
  p_kW,
  q_kvar: p_kW / 5,
  profile: 'village',
  ...(pod === undefined ? {} : { pod })
})

const day = Array.from({ length: 96 }, (_, slot) => ({ p: slot >= 72 && slot < 80 ? 1 : 0.4 }))

export const networkImport = {
  network: {
    name: 'Village',
    frequencyHz: 50,
    buses: [
      { id: 'MV-1', kV: 20, substation: 'POM-ROMA-SUD' },
      { id: 'MV-2', kV: 20, substation: 'SS-VILLAGE' },
      { id: 'LV-0', kV: 0.4 },
      { id: 'LV-1', kV: 0.4 },
      { id: 'LV-2', kV: 0.4 }
    ],
    lines: [
      { id: 'FEEDER-9', from: 'MV-1', to: 'MV-2', r_ohm: 0.5, x_ohm: 0.4, c_nF: 800, max_A: 280 },
      { id: 'CABLE-1', from: 'LV-0', to: 'LV-1', r_ohm: 0.02, x_ohm: 0.008, max_A: 100 },
      { id: 'CABLE-2', from: 'LV-1', to: 'LV-2', r_ohm: 0.02, x_ohm: 0.008, max_A: 100 }
    ],
    transformers: [
      {
        id: 'T-VILLAGE',
        highVoltageBus: 'MV-2',
        lowVoltageBus: 'LV-0',
        rated_kVA: 250,
        highVoltage_kV: 20,
        lowVoltage_kV: 0.4,
        vk_percent: 4,
        vkr_percent: 1.2,
        ironLoss_kW: 0.6,
        i0_percent: 0.3,
        shift_degree: 150
      }
    ],
    switches: [{ id: 'SWITCH-9', bus: 'MV-1', element: 'FEEDER-9', elementType: 'line', closed: true }],
    externalGrid: { bus: 'MV-1', vm_pu: 1.02 },
    loads: [load(1, 'LV-1', 40), load(2, 'LV-2', 30, 'IT002E7654321B')]
  },
  profiles: [{ name: 'village', workday: day }],
  limits: { voltage: { low: { minPu: 0.92 } }, lines: { 'FEEDER-9': 90 } }
}

export const switching = { switches: [{ id: 'SWITCH-9', closed: false }], persistent: false }

export const measurements = {
  series: 'Load-1',
  date: '2025-03-27',
  timeZone: 'Europe/Rome',
  p: Array.from({ length: 96 }, (_, slot) => (slot >= 72 && slot < 80 ? 40_000 : 16_000))
}

export const plant = {
  series: 'Load-1',
  kind: 'load'
}

export const weather = {
  start: '2025-03-28T00:00:00+01:00',
  stepMinutes: 60,
  ghi: [0, 0, 0, 0, 0, 0, 20, 140],
  temperature: [9, 9, 8.5, 8, 8, 8, 9, 11]
}

export const proposalChoice = { requestIds: [] }
