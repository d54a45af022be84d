import { Command } from 'cmdk'
import { commandTable, type CommandId, type CommandInfo } from '../../preload/commands'
import { Kbd } from '../components'
import { siteName } from '../layers'
import { openSession } from '../state/open'
import { useRecent } from '../state/session'
import { openSample, useStartup } from '../state/start'
import { useView } from '../state/view'
import { useWorkbench } from '../state/workbench'
import { commandObstacle, runCommand } from './commands'
import { closeOverlay, useOverlay } from './overlay'
import { paletteRank } from './palette-rank'
import './Palette.css'

const valueOf = ({ title, id }: Pick<CommandInfo, 'title' | 'id'>): string => `${title} ${id}`
const commandOf = new Map(commandTable.map((command) => [valueOf(command), command.id]))

function rank(value: string, typed: string, keywords: readonly string[] = []): number {
  const command = commandOf.get(value)
  return paletteRank(value, keywords, command === undefined || commandObstacle(command) === null, typed)
}

/** Every command, layer, colouring, sample and recent session, found by typing. */
export function Palette(): React.JSX.Element {
  const open = useOverlay(({ overlay }) => overlay === 'palette')
  return (
    <Command.Dialog open={open} onOpenChange={(next) => { if (!next) closeOverlay() }} label="Command palette" loop filter={rank}
      overlayClassName="Palette-overlay" contentClassName="Palette">
      <Command.Input className="Palette-input" placeholder="Search commands, layers, columns…" />
      <Command.List className="Palette-list">
        <Command.Empty className="Palette-empty">Nothing is called that.</Command.Empty>
        <PaletteItems />
      </Command.List>
    </Command.Dialog>
  )
}

function PaletteItems(): React.JSX.Element {
  const sites = useWorkbench(({ run }) => run?.sites)
  const dataset = useWorkbench(({ dataset }) => dataset)
  const recent = useRecent(({ recent }) => recent)
  const samples = useStartup(({ info }) => info?.samples)
  const then = (act: () => void) => (): void => {
    closeOverlay()
    act()
  }
  const commands = commandTable.filter(({ id }) => id !== 'palette.open').map((command) => ({ ...command, obstacle: commandObstacle(command.id) }))
  return (
    <>
      <CommandGroup heading="Commands" commands={commands.filter(({ obstacle }) => obstacle === null)} onChoose={(id) => then(() => runCommand(id))()} />
      {sites && (
        <Command.Group heading="Layers">
          {sites.map((site) => (
            <Command.Item key={site} value={`layer ${siteName(site)} ${site}`} onSelect={then(() => useView.getState().setSite(site))}>
              <span>Go to {siteName(site)}</span><small>{site}</small>
            </Command.Item>
          ))}
        </Command.Group>
      )}
      {dataset.kind === 'ready' && sites && (
        <Command.Group heading="Colour">
          {dataset.value.columns.map(({ name }) => (
            <Command.Item key={name} value={`colour by column ${name}`} onSelect={then(() => useView.getState().setColorBy({ kind: 'column', column: name }))}>
              <span>Colour by {name}</span>
            </Command.Item>
          ))}
        </Command.Group>
      )}
      {samples && samples.length > 0 && (
        <Command.Group heading="Samples">
          {samples.map(({ id, title, question }) => (
            <Command.Item key={id} value={`sample ${title} ${id}`} onSelect={then(() => void openSample(id))}><span>Try {title}</span><small>{question}</small></Command.Item>
          ))}
        </Command.Group>
      )}
      {recent.length > 0 && (
        <Command.Group heading="Recent sessions">
          {recent.map(({ path, name }) => (
            <Command.Item key={path} value={`recent ${name} ${path}`} onSelect={then(() => void openSession(path))}><span>{name}</span><small>{path}</small></Command.Item>
          ))}
        </Command.Group>
      )}
      <CommandGroup heading="Not now" commands={commands.filter(({ obstacle }) => obstacle !== null)} />
    </>
  )
}

interface CommandGroupProps {
  readonly heading: string
  readonly commands: readonly (CommandInfo & { readonly id: CommandId; readonly obstacle: string | null })[]
  /** Left out where none can be chosen: each says why. */
  readonly onChoose?: (id: CommandId) => void
}

function CommandGroup({ heading, commands, onChoose }: CommandGroupProps): React.JSX.Element | null {
  if (commands.length === 0) return null
  return (
    <Command.Group heading={heading}>
      {commands.map(({ id, title, menu, shortcut, keywords, obstacle }) => (
        <Command.Item key={id} value={valueOf({ title, id })} keywords={[menu, ...(keywords?.split(' ') ?? [])]} disabled={!onChoose} onSelect={() => onChoose?.(id)}>
          <span>{title}</span>
          {obstacle && <small>{obstacle}</small>}
          {shortcut && <Kbd keys={shortcut} />}
        </Command.Item>
      ))}
    </Command.Group>
  )
}
