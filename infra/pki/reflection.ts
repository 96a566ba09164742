/**
 * `@peculiar/x509` builds on a container for dependency injection that does not load without `Reflect.getMetadata`, an old
 * proposal that Node.js does not have. These are the three functions of it that the container calls, over a WeakMap, so
 * that a package that changes a global for everybody is not needed. Imported before `@peculiar/x509`.
 */
const known = new WeakMap<object, Map<unknown, unknown>>()

const metadata = {
  getMetadata: (key: unknown, target: object): unknown => known.get(target)?.get(key),
  getOwnMetadata: (key: unknown, target: object): unknown => known.get(target)?.get(key),
  defineMetadata: (key: unknown, value: unknown, target: object): void => {
    const own = known.get(target) ?? new Map<unknown, unknown>()
    known.set(target, own.set(key, value))
  }
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, metadata)
