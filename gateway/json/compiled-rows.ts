/**
 * Code for a list of which each item has whole numbers alone, such as the 96 slots of a curve: these are most of the bytes of a
 * bulk call. It reads the items as most callers write them, the names in the order of the schema and no white space, with its
 * place in a variable of its own, several times faster than name by name.
 *
 * Promises: it takes whole items that the general code would read equally, and stops before the first that is any different;
 * that one, right or wrong, is left to the general code, after which it may go on.
 */
interface Field {
  readonly name: string
  readonly minimum: number
  readonly maximum: number
}

/** Above any number of nine digits a place is not exact in 31 bits. */
const digitsMax = 9
const [minus, comma, zero, nine, endBrace] = [...Buffer.from('-,09}')]

/**
 * Lines for the body of a loop that goes on while another item follows; they put items into `items`, count them in `count`, and
 * leave by `continue` with the place after an item, or end with the place before one. Undefined for a list of something else.
 */
export const rowsOf = (item: Readonly<Record<string, unknown>>, itemsMax: number): readonly string[] | undefined => {
  const fields = numbersOf(item)
  if (!fields) return undefined
  return [
    '      const bytes = source()',
    '      let start = place()',
    '      let isAfterItem = false',
    '      for (;;) {',
    '        let at = start',
    '        let byte, first, isNegative',
    ...fields.flatMap(({ name, minimum, maximum }, n) => [
      ...expected(`${n === 0 ? '{' : ','}${JSON.stringify(name)}:`),
      '        byte = bytes[at]',
      `        isNegative = byte === ${minus}`,
      '        if (isNegative) byte = bytes[++at]',
      '        first = at',
      `        let field${n} = 0`,
      `        while (byte >= ${zero} && byte <= ${nine}) {`,
      `          field${n} = field${n} * 10 + (byte - ${zero})`,
      '          byte = bytes[++at]',
      '        }',
      `        if (at === first || at - first > ${digitsMax} || (bytes[first] === ${zero} && (isNegative || at - first > 1))) break`,
      `        if (isNegative) field${n} = -field${n}`,
      `        if (field${n} < ${minimum} || field${n} > ${maximum}) break`
    ]),
    `        if (byte !== ${endBrace}) break`,
    `        items[count++] = { ${fields.map(({ name }, n) => `${JSON.stringify(name)}: field${n}`).join(', ')} }`,
    '        start = at + 1',
    `        isAfterItem = bytes[start] !== ${comma} || count >= ${itemsMax}`,
    '        if (isAfterItem) break',
    '        start++',
    '      }',
    '      goTo(start)',
    '      if (isAfterItem) continue'
  ]
}

const expected = (text: string): readonly string[] => {
  const bytes = [...Buffer.from(text)]
  return [
    `        if (${bytes.map((byte, n) => `bytes[at + ${n}] !== ${byte}`).join(' || ')}) break`,
    `        at += ${bytes.length}`
  ]
}

/** The fields of an object that has no others, all of them bounded whole numbers; undefined for anything else. */
const numbersOf = (item: Readonly<Record<string, unknown>>): readonly Field[] | undefined => {
  const { type, properties, required } = item
  if (type !== 'object' || typeof properties !== 'object' || properties === null || !Array.isArray(required))
    return undefined
  const fields = Object.entries(properties).flatMap(([name, field]) => {
    const { type, minimum, maximum } = field as Readonly<Record<string, unknown>>
    const isNumber = type === 'integer' && typeof minimum === 'number' && typeof maximum === 'number'
    return isNumber && required.includes(name) ? [{ name, minimum, maximum }] : []
  })
  return fields.length > 0 && fields.length === Object.keys(properties).length ? fields : undefined
}
