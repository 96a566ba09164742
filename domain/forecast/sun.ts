/**
 * Where the sun stands, and how much of its light reaches the ground under a clear sky.
 *
 * Position: the formulae of NOAA's solar calculator (after J. Meeus, Astronomical Algorithms, 1991), without refraction and
 * parallax; good to about 0.01° for the years 1950 … 2050. Clear sky: Haurwitz (J. Meteorology 2, 1945). Clouds: Kasten and
 * Czeplak (Solar Energy 24, 1980). Diffuse share: Erbs, Klein and Duffie (Solar Energy 28, 1982).
 */
export interface SunPosition {
  /** Above the horizon, degrees, of the sun's centre. */
  readonly elevation: number
  /** Clockwise from north, degrees. */
  readonly azimuth: number
}

const radians = (degrees: number): number => (degrees * Math.PI) / 180
const degrees = (angle: number): number => (angle * 180) / Math.PI
const sine = (angle: number): number => Math.sin(radians(angle))
const cosine = (angle: number): number => Math.cos(radians(angle))
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))

export interface SunInSky {
  /** Degrees. */
  readonly declination: number
  /** Apparent minus mean solar time, minutes. */
  readonly equationOfTime: number
}

/** Julian date of 1970-01-01T00:00Z, and of the epoch J2000. */
const UNIX_EPOCH = 2_440_587.5
const J2000 = 2_451_545

export const sunInSky = (instant: number): SunInSky => {
  const century = (instant / 86_400_000 + UNIX_EPOCH - J2000) / 36_525
  const meanLongitude = (280.46646 + century * (36_000.76983 + century * 0.0003032)) % 360
  const meanAnomaly = 357.52911 + century * (35_999.05029 - 0.0001537 * century)
  const eccentricity = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
  const centre =
    sine(meanAnomaly) * (1.914602 - century * (0.004817 + 0.000014 * century)) +
    sine(2 * meanAnomaly) * (0.019993 - 0.000101 * century) +
    sine(3 * meanAnomaly) * 0.000289
  const node = 125.04 - 1934.136 * century
  const apparentLongitude = meanLongitude + centre - 0.00569 - 0.00478 * sine(node)
  const meanObliquity = 23 + (26 + (21.448 - century * (46.815 + century * (0.00059 - century * 0.001813))) / 60) / 60
  const obliquity = meanObliquity + 0.00256 * cosine(node)
  const y = Math.tan(radians(obliquity / 2)) ** 2
  const equation =
    y * sine(2 * meanLongitude) -
    2 * eccentricity * sine(meanAnomaly) +
    4 * eccentricity * y * sine(meanAnomaly) * cosine(2 * meanLongitude) -
    0.5 * y * y * sine(4 * meanLongitude) -
    1.25 * eccentricity * eccentricity * sine(2 * meanAnomaly)
  return {
    declination: degrees(Math.asin(sine(obliquity) * sine(apparentLongitude))),
    equationOfTime: 4 * degrees(equation)
  }
}

export const sunPosition = (instant: number, latitude_degree: number, longitude_degree: number): SunPosition => {
  const { declination, equationOfTime } = sunInSky(instant)
  const minutes = (((instant % 86_400_000) + 86_400_000) % 86_400_000) / 60_000
  const hourAngle = (minutes + equationOfTime + 4 * longitude_degree) / 4 - 180
  const height = clamp(
    sine(latitude_degree) * sine(declination) + cosine(latitude_degree) * cosine(declination) * cosine(hourAngle),
    -1,
    1
  )
  const east = -cosine(declination) * sine(hourAngle)
  const north =
    cosine(latitude_degree) * sine(declination) - sine(latitude_degree) * cosine(declination) * cosine(hourAngle)
  return { elevation: degrees(Math.asin(height)), azimuth: (degrees(Math.atan2(east, north)) + 360) % 360 }
}

/** W/m² above the air, on a plane that looks at the sun; mean of the year (the orbit's ±3.4 % is in the day of the year). */
const SOLAR_CONSTANT = 1361

/** Global horizontal irradiance under a clear sky, W/m². */
export const clearSky = (elevation: number): number => {
  const height = sine(elevation)
  return height <= 0 ? 0 : 1098 * height * Math.exp(-0.057 / height)
}

/** Share of the clear sky's irradiance that clouds let through. */
export const throughClouds = (cloudShare: number): number => 1 - 0.75 * clamp(cloudShare, 0, 1) ** 3.4

/** Share of the irradiance on the ground that comes from the whole sky instead of the sun. */
export const diffuseShare = (ghi_W_m2: number, elevation: number, instant: number): number => {
  const above = SOLAR_CONSTANT * (1 + 0.033 * cosine(dayAngle(instant))) * sine(elevation)
  const clearness = above <= 0 ? 0 : clamp(ghi_W_m2 / above, 0, 1)
  if (clearness <= 0.22) return 1 - 0.09 * clearness
  if (clearness > 0.8) return 0.165
  return 0.9511 + clearness * (-0.1604 + clearness * (4.388 + clearness * (-16.638 + clearness * 12.336)))
}

const YEAR_MS = 365.2425 * 86_400_000

/** Of the earth on its orbit, 0 at the start of the year (good to a day). */
const dayAngle = (instant: number): number => (360 * (instant % YEAR_MS)) / YEAR_MS

/** Share of light that the ground throws back: grass. */
const ALBEDO = 0.2

/** Below this height the sun's beam is left out: dividing by it would blow up errors of the irradiance. */
const LOWEST_BEAM_DEGREES = 2

/** Irradiance on a tilted plane, W/m²: beam, isotropic sky (Liu and Jordan), ground. */
export const onPlane = (
  ghi_W_m2: number,
  sun: SunPosition,
  instant: number,
  plane: { readonly tilt_degree: number; readonly azimuth_degree: number }
): number => {
  if (ghi_W_m2 <= 0) return 0
  const share = sun.elevation < LOWEST_BEAM_DEGREES ? 1 : diffuseShare(ghi_W_m2, sun.elevation, instant)
  const diffuse = ghi_W_m2 * share
  const tilt = cosine(plane.tilt_degree)
  const incidence =
    sine(sun.elevation) * tilt +
    cosine(sun.elevation) * sine(plane.tilt_degree) * cosine(sun.azimuth - plane.azimuth_degree)
  const beam = share === 1 ? 0 : ((ghi_W_m2 - diffuse) * Math.max(0, incidence)) / sine(sun.elevation)
  return beam + (diffuse * (1 + tilt)) / 2 + (ghi_W_m2 * ALBEDO * (1 - tilt)) / 2
}
