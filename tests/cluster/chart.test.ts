/**
 * The Helm chart against the process that it starts. deploy/helm/rendered.yaml is what Helm made of the chart and of
 * example-values.yaml; its first line names the digest of both, so that it cannot stay behind. Where Helm is on the path the
 * rendering itself is compared, and linted:
 *
 *   node tests/cluster/chart.ts    writes rendered.yaml again (needs helm)
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parseAllDocuments } from 'yaml'
import { loadConfig } from '../../infra/config/config.ts'
import { roles } from '../../infra/config/variables.ts'
import { chartDigest, chartFolder, hasHelm, render, renderedFile } from './chart.ts'

interface Container {
  readonly args: readonly string[]
  readonly env: readonly {
    readonly name: string
    readonly value?: string
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string; readonly key: string } }
  }[]
  readonly ports: readonly { readonly containerPort: number }[]
  readonly resources: { readonly requests?: object; readonly limits?: object }
  readonly securityContext: object
  readonly startupProbe: Probe
  readonly livenessProbe: Probe
  readonly readinessProbe: Probe
  readonly volumeMounts: readonly { readonly mountPath: string }[]
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: number }
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly replicas?: number
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> }
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> }
      readonly spec: {
        readonly containers: readonly Container[]
        readonly securityContext: { readonly runAsNonRoot?: boolean; readonly runAsUser?: number }
        readonly terminationGracePeriodSeconds: number
      }
    }
  }
}

const text = readFileSync(renderedFile, 'utf8')
const manifests = parseAllDocuments(text).flatMap((document): Manifest[] => {
  if (document.errors.length > 0) throw document.errors[0]
  const manifest: unknown = document.toJS()
  return manifest === null ? [] : [manifest as Manifest]
})
const ofKind = (kind: string): readonly Manifest[] => manifests.filter(manifest => manifest.kind === kind)
const deployments = ofKind('Deployment').map(({ metadata, spec }) => {
  const template = spec?.template
  const container = template?.spec.containers[0]
  if (!spec || !template || !container) throw new Error(`${metadata.name} has no container`)
  return { name: metadata.name, spec, template, container, roles: container.args.at(-1)?.split(',') ?? [] }
})
const settings = ofKind('ConfigMap')[0]?.data ?? {}

t.test('the rendering is of this chart and these values', async t => {
  t.equal(text.split('\n')[0], `# ${chartDigest()}`, 'node tests/cluster/chart.ts writes it again')
})

const noHelm = hasHelm() ? false : 'no helm on the path; what it rendered is in the repository'
t.test('Helm finds nothing wrong with the chart, and renders what is in the repository', async t => {
  if (noHelm !== false) return t.comment(noHelm)
  const lint = spawnSync('helm', [
    'lint',
    '--strict',
    chartFolder,
    '--values',
    join(chartFolder, '../example-values.yaml')
  ])
  t.equal(lint.status, 0, String(lint.stdout))
  t.equal(render(), text)
  const bare = spawnSync('helm', ['template', 'flex', chartFolder, '--kube-version', '1.31'], { encoding: 'utf8' })
  t.not(bare.status, 0)
  t.match(
    bare.stderr,
    /publicUrl|kafka\.brokers|image\.repository|issuerUrl|database\.secret/,
    'what must be given is named'
  )
})

t.test('the groups have every role once, and each process starts with its environment', async t => {
  t.strictSame(deployments.flatMap(deployment => deployment.roles).toSorted(), [...roles].toSorted())
  for (const { name, container, roles: own } of deployments) {
    const env: Record<string, string> = { ...settings, FLEX_ROLES: own.join(',') }
    for (const { name: variable, value, valueFrom } of container.env) {
      t.ok(value !== undefined || valueFrom?.secretKeyRef !== undefined)
      env[variable] = value ?? 'postgres://flex:secret@db.example.org/flex'
    }
    const config = loadConfig(env)
    t.equal(config.profile, 'production', name)
    t.strictSame(config.roles, own)
    const port = own.includes('gateway') ? config.httpPort : config.operationsPort
    t.equal(config.httpHost, '0.0.0.0')
    t.strictSame(
      container.ports.map(({ containerPort }) => containerPort),
      [port]
    )
    for (const [probe, path] of [
      [container.startupProbe, '/livez'],
      [container.livenessProbe, '/livez'],
      [container.readinessProbe, '/readyz']
    ] as const)
      t.strictSame(probe.httpGet, { path, port }, name)
    t.ok(container.volumeMounts.some(({ mountPath }) => mountPath === config.dataDir))
  }
})

t.test('nothing runs as root, without limits, or with a secret in its text', async t => {
  for (const { name, container, template, spec } of deployments) {
    t.match(template.spec.securityContext, { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } }, name)
    t.not(template.spec.securityContext.runAsUser, 0)
    t.match(container.securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] }
    })
    t.match(container.resources, { requests: { cpu: /./, memory: /./ }, limits: { cpu: /./, memory: /./ } })
    t.ok(template.spec.terminationGracePeriodSeconds > 25, 'longer than `serve` takes to end')
    t.match(template.metadata.labels, spec.selector?.matchLabels ?? { none: 'no selector' })
  }
  t.equal(settings['FLEX_DATABASE_URL'], undefined)
  t.notMatch(text, /postgres:\/\//)
})

t.test('what has several replicas has a disruption budget, and the gateway a service', async t => {
  const several = deployments.filter(({ spec }) => (spec.replicas ?? 1) > 1).map(({ name }) => name)
  t.strictSame(
    ofKind('PodDisruptionBudget').map(({ metadata }) => metadata.name),
    several
  )
  t.equal(ofKind('Service').length, 1)
})
