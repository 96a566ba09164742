/** Runs the script of a page in a folder of its own, with a port of its own. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Page, scriptOf } from './commands.ts'

export interface Result {
  readonly code: number | null
  /** Of all commands, both outputs, in their order. */
  readonly output: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))
/** A page that takes longer hangs: the longest plays a day of 100 points of delivery, which takes some 10 s. */
const PAGE_SECONDS_MAX = 300

export const runPage = async (page: Page): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), 'flexledger-page-'))
  try {
    // PostgreSQL may run as another user, who has to reach its data.
    await chmod(folder, 0o755)
    await symlink(join(root, 'examples'), join(folder, 'examples'))
    await mkdir(join(folder, 'bin'))
    await mkdir(join(folder, 'data'))
    const flexledger = `exec '${process.execPath}' '${join(root, 'cli/flexledger.mjs')}'`
    await program(join(folder, 'bin/curl'), `exec '${process.execPath}' '${join(root, 'tests/docs/curl.ts')}' "$@"`)
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const start = (scripts['start'] ?? '').replace('node cli/flexledger.mjs', flexledger)
    await program(join(folder, 'bin/npx'), `[ "$1" = flexledger ] || exit 99\nshift\n${flexledger} "$@"`)
    await program(join(folder, 'bin/npm'), `[ "$1" = start ] || exit 99\nshift\n[ "$1" = -- ] && shift\n${start} "$@"`)
    const port = await freePort()
    return await bash(folder, `${prelude}\n${await withFreePorts(`${scriptOf(page)}\nend_of_page`, port)}`, port)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Port 8080 of the gateway is the one given; 8081 to 8089 of its neighbours are any that are free. */
const withFreePorts = async (script: string, gateway: number): Promise<string> => {
  let text = script.replaceAll(':8080', `:${gateway}`)
  for (let neighbour = 8_081; neighbour <= 8_089; neighbour++)
    if (text.includes(String(neighbour)))
      text = text.replaceAll(new RegExp(`(?<=[:=])${neighbour}\\b`, 'g'), String(await freePort()))
  return text
}

const program = async (path: string, text: string): Promise<void> => {
  await writeFile(path, `#!/usr/bin/env bash\n${text}\n`)
  await chmod(path, 0o755)
}

/** A command that fails ends the page and is named; what serves is stopped before the next one starts. */
const prelude = `set -eu
trap 'echo "failed: $BASH_COMMAND"' ERR
trap '[ -z "\${serving-}" ] || kill $serving; stop_engines' EXIT
# Those that a page has started and, having failed, has not stopped.
stop_engines() {
  [ ! -d data/engines ] || npx flexledger engines stop all --quiet --dir data/engines > /dev/null
}
in_background() {
  end_of_page
  "$@" > served.out 2>&1 &
  serving=$!
  until grep -q -e 'Still serving' -e '"serving"' served.out; do
    kill -0 $serving || { cat served.out; return 1; }
    sleep 0.2
  done
  cat served.out
}
alongside() {
  served=$((served + 1))
  "$@" > "served-$served.out" 2>&1 &
  serving="\${serving-} $!"
}
until_all_serve() {
  until [ "$(grep -l '"serving"' served-*.out | wc -l)" = "$served" ]; do
    kill -0 $serving || { cat served-*.out; return 1; }
    sleep 0.2
  done
}
served=0
end_of_page() {
  [ -n "\${serving-}" ] || return 0
  kill -TERM $serving
  wait $serving
  unset serving
}
`

const bash = (folder: string, script: string, port: number): Promise<Result> =>
  new Promise((resolve, reject) => {
    const own = Object.entries(process.env).filter(([name]) => !/^(FLEX_|NODE_OPTIONS$)/.test(name))
    const child = spawn('bash', ['-c', `exec 2>&1\n${script}`], {
      cwd: folder,
      timeout: PAGE_SECONDS_MAX * 1_000,
      env: {
        ...Object.fromEntries(own),
        PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
        FLEX_HTTP_PORT: String(port),
        NODE_COMPILE_CACHE: join(tmpdir(), 'flexledger-compiled')
      }
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', text => {
      output += text
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, output }))
  })

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port is free'))
      )
    })
  })
