/** JSON as the project's formatter leaves it, so that generated documents are fresh after formatting too. */
const LINE_WIDTH = 120

/** `room`: columns that stand before the value and after it on its line. */
export const jsonText = (value: unknown, indent = '', room = 0): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    if (value.every(item => typeof item !== 'object' || item === null)) {
      const oneLine = `[${value.map(item => JSON.stringify(item)).join(', ')}]`
      if (oneLine.length + room <= LINE_WIDTH) return oneLine
    }
    return `[\n${value.map(item => `${deeper}${jsonText(item, deeper, deeper.length + 1)}`).join(',\n')}\n${indent}]`
  }
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .map(([key, field]) => {
      const start = `${deeper}${JSON.stringify(key)}: `
      return `${start}${jsonText(field, deeper, start.length + 1)}`
    })
  return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${indent}}`
}
