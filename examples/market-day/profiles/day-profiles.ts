/** The profiles as the market day asks for them. */
import type { DayCurve, Profiles } from '../population.ts'
import { loadProfile, type Profile } from './profiles.ts'

export const profilesOfDay = (zone: string): Profiles => {
  const profiles = new Map<string, Profile>()
  // A population asks for the same few hundred curves again and again; they live as long as what was returned here.
  const curves = new Map<string, DayCurve>()
  return {
    curve: (id, date, shiftWeeks) => {
      const name = `${id} ${date} ${shiftWeeks}`
      const known = curves.get(name)
      if (known) return known
      const profile = profiles.get(id) ?? loadProfile(id)
      profiles.set(id, profile)
      const curve = profile.day(date, zone, shiftWeeks)
      curves.set(name, curve)
      return curve
    }
  }
}
