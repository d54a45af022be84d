import { LayerscopeError } from '../../errors'
import { quotedValue } from '../../quoted'

/**
 * A `config.json` read field by field. Both spellings that are in use are looked up: a field is asked for by all its names,
 * and what is there but has the wrong type is an error that names the field.
 */
export class ModelConfig {
  constructor(private readonly fields: Readonly<Record<string, unknown>>, readonly file: string) {}

  /** The same with values for fields that the file leaves out; a field that is there as null stays null. */
  withDefaults(defaults: Readonly<Record<string, unknown>>): ModelConfig {
    return new ModelConfig({ ...defaults, ...this.fields }, this.file)
  }

  number(...names: readonly string[]): number {
    const value = this.optionalNumber(...names)
    if (value === null) throw this.invalid(names[0] ?? '', 'is missing')
    return value
  }

  optionalNumber(...names: readonly string[]): number | null {
    for (const name of names) {
      const value = this.fields[name]
      if (value === undefined || value === null) continue
      if (typeof value !== 'number' || !Number.isFinite(value)) throw this.invalid(name, `is ${quotedValue(value)}, not a number`)
      return value
    }
    return null
  }

  /** A count such as a number of layers: a whole number from 1 to `limit`. */
  count(limit: number, ...names: readonly string[]): number {
    const value = this.optionalCount(limit, ...names)
    if (value === null) throw this.invalid(names[0] ?? '', 'is missing')
    return value
  }

  optionalCount(limit: number, ...names: readonly string[]): number | null {
    const value = this.optionalNumber(...names)
    if (value !== null && (!Number.isInteger(value) || value < 1 || value > limit)) throw this.invalid(names[0] ?? '', `is ${value}, not a whole number from 1 to ${limit}`)
    return value
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.fields[name]
    return typeof value === 'boolean' ? value : otherwise
  }

  text(...names: readonly string[]): string | null {
    for (const name of names) {
      const value = this.fields[name]
      if (typeof value === 'string') return value
    }
    return null
  }

  texts(name: string): readonly string[] | null {
    const value = this.fields[name]
    return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : null
  }

  numbers(name: string): readonly number[] | null {
    const value = this.fields[name]
    return Array.isArray(value) && value.every((entry) => typeof entry === 'number') ? value : null
  }

  section(name: string): ModelConfig | null {
    const value = this.fields[name]
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? new ModelConfig(value as Record<string, unknown>, this.file) : null
  }

  invalid(field: string, problem: string): LayerscopeError {
    return new LayerscopeError({
      code: 'model-config-invalid', message: `The field ${field} of config.json ${problem}.`, file: this.file, field,
      hint: 'Copy config.json from the model\'s original folder.'
    })
  }
}
