/** Mosquitto from the Debian package: a development broker for MQTT, on the loopback address, without accounts. */
import { chmod, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Place, Recipe } from './engine.ts'
import { debianProgram, onPath } from './installation.ts'

const ANSWER_MS = 2_000

const portOf = (place: Place): number => place.ports[0]?.[0] ?? 0

/** Debian puts it where the path of an ordinary user does not lead. */
const findMosquitto = (): string | undefined => onPath('mosquitto', ['/usr/sbin', '/usr/local/sbin'])

export const mosquitto: Recipe = {
  name: 'mosquitto',
  version: 'of the system',
  nodes: 1,
  portsPerNode: 1,
  stopSignal: 'SIGTERM',
  install: (_, progress) => debianProgram(findMosquitto, ['mosquitto'], progress),
  async prepare(place) {
    await chmod(place.dir, 0o700)
    await writeFile(
      join(place.dir, 'mosquitto.conf'),
      [
        `listener ${portOf(place)} 127.0.0.1`,
        'allow_anonymous true',
        'persistence true',
        `persistence_location ${place.dir}/`,
        // Saved within a second of a change: what is killed loses no more than that.
        'autosave_on_changes true',
        'autosave_interval 1',
        // Started as root it would give up the right to its folder.
        ...(process.getuid?.() === 0 ? ['user root'] : []),
        ''
      ].join('\n')
    )
  },
  program: async place => ({ command: place.home, args: ['-c', join(place.dir, 'mosquitto.conf')] }),
  url: place => `mqtt://127.0.0.1:${portOf(place)}`,
  ready: place => acceptsClient(portOf(place))
}

/** CONNECT of MQTT 3.1.1 with a clean session and an empty client id, answered by CONNACK 0. */
const acceptsClient = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error(`no answer within ${ANSWER_MS} ms`)))
    socket.once('error', reject)
    socket.once('connect', () => socket.write(Buffer.from([0x10, 12, 0, 4, ...Buffer.from('MQTT'), 4, 2, 0, 10, 0, 0])))
    socket.once('data', answer => {
      socket.end(Buffer.from([0xe0, 0]))
      if (answer[0] === 0x20 && answer[3] === 0) resolve()
      else reject(new Error(`CONNACK ${answer.toString('hex')}`))
    })
  })
