import { expect, test } from 'vitest'
import { commandTable } from '../../../preload/commands'
import { paletteRank } from '../../../renderer/commands/palette-rank'

/** Titles of the commands that answer what is typed, best first. */
function found(typed: string, impossible: readonly string[] = []): readonly string[] {
  return commandTable
    .map(({ title, menu, keywords }) => ({ title, rank: paletteRank(title, [menu, ...(keywords?.split(' ') ?? [])], !impossible.includes(title), typed) }))
    .filter(({ rank }) => rank > 0).sort((a, b) => b.rank - a.rank).map(({ title }) => title)
}

test('words that begin as typed come first', () => {
  expect(found('um')[0]).toBe('PCA or UMAP')
  expect(found('run')[0]).toBe('Run')
  expect(found('lasso')).toEqual(['Lasso'])
})

test('every typed word must stand in the title or its keywords', () => {
  expect(found('export png').slice(0, 2)).toEqual(['Export projection as PNG…', 'Export layer strip as PNG…'])
  expect(found('export elephant')).toEqual([])
  expect(found('csv')).toContain('Open dataset…')
})

test('initials find a title', () => {
  expect(found('cbp')[0]).toBe('Colour by prediction')
})

test('what cannot be done now comes after all that can', () => {
  const without = found('colour', ['Colour by label'])
  expect(without.at(-1)).toBe('Colour by label')
  expect(without.length).toBe(found('colour').length)
})

test('nothing typed shows everything', () => {
  expect(found('').length).toBe(commandTable.length)
})
