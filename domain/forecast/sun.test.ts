import tap from 'tap'
import { clearSky, diffuseShare, onPlane, sunInSky, sunPosition, throughClouds } from './sun.ts'

const near = (t: Pick<typeof tap, 'ok'>, found: number, wanted: number, within: number, what: string): void => {
  t.ok(Math.abs(found - wanted) <= within, `${what}: ${found}, published ${wanted}`)
}

tap.test('the sun stands where the example of NREL’s solar position algorithm says, to 0.01°', async t => {
  // Reda and Andreas, NREL/TP-560-34302: 2003-10-17 12:30:30 UTC−7; the elevation before refraction.
  const { elevation, azimuth } = sunPosition(Date.parse('2003-10-17T19:30:30Z'), 39.742476, -105.1786)
  near(t, elevation, 39.872046, 0.01, 'elevation')
  near(t, azimuth, 194.34024, 0.01, 'azimuth')
})

tap.test('declination and equation of time are those of Meeus’ examples', async t => {
  // Astronomical Algorithms, examples 25.a and 28.a: 1992 October 13, 0h.
  const { declination, equationOfTime } = sunInSky(Date.parse('1992-10-13T00:00:00Z'))
  near(t, declination, -7.78507, 0.001, 'declination')
  near(t, equationOfTime, 13.7094, 0.01, 'minutes')
})

tap.test('the sun is south at noon in Rome, north at noon in Cape Town, and below the horizon at midnight', async t => {
  near(t, sunPosition(Date.parse('2016-06-21T11:12:00Z'), 41.9, 12.5).azimuth, 180, 1, 'Rome')
  const capeTown = sunPosition(Date.parse('2016-06-21T10:48:00Z'), -33.9, 18.4)
  t.ok(Math.abs(capeTown.azimuth) < 1.5 || capeTown.azimuth > 358.5, `Cape Town ${capeTown.azimuth}`)
  t.ok(sunPosition(Date.parse('2016-06-20T23:10:00Z'), 41.9, 12.5).elevation < 0)
})

tap.test('a clear sky gives nothing at night and about 1,000 W/m² from a high sun', async t => {
  t.equal(clearSky(-3), 0)
  t.equal(clearSky(0), 0)
  near(t, clearSky(70), 971, 1, 'Haurwitz')
})

tap.test('an overcast sky lets through a quarter, and light clouds nearly all', async t => {
  near(t, throughClouds(1), 0.25, 1e-12, 'overcast')
  t.equal(throughClouds(0), 1)
  t.ok(throughClouds(0.3) > 0.98)
})

tap.test('the diffuse share falls as the sky clears and has no step where its pieces meet', async t => {
  const instant = Date.parse('2016-06-21T11:00:00Z')
  const shares = Array.from({ length: 101 }, (_, n) => diffuseShare(n * 12, 60, instant))
  shares.slice(1).forEach((share, n) => {
    t.ok(share <= shares[n]! + 1e-3 && shares[n]! - share < 0.04, `${n * 12} W/m²`)
  })
})

tap.test(
  'a flat plane receives the horizontal irradiance, one that looks at the sun more, a northern wall less',
  async t => {
    const instant = Date.parse('2016-03-20T11:00:00Z')
    const sun = sunPosition(instant, 41.9, 12.5)
    const on = (tilt_degree: number, azimuth_degree: number) =>
      onPlane(700, sun, instant, { tilt_degree, azimuth_degree })
    near(t, on(0, 0), 700, 1e-9, 'flat')
    t.ok(on(90 - sun.elevation, sun.azimuth) > 800)
    t.ok(on(90, 0) < 350)
  }
)
