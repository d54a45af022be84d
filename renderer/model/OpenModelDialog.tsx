import { Command } from 'cmdk'
import { FolderPlus, HardDrive, X } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { FoundModel, ModelListing, ModelPlace } from '../../preload/contract'
import { Button, Dialog, EmptyState, ErrorNotice, formatBytes, formatQuantity, IconButton, Skeleton, Tooltip } from '../components'
import { chooseModel } from '../state/model'
import { addModelFolder, closeModels, openModels, pickModel, removeModelFolder, useModels } from '../state/models'
import { modelGroups, ownPlaces, placeTitle, shortPath } from './model-list'
import { formatName } from './precision'
import './OpenModelDialog.css'

const onMac = navigator.platform.startsWith('Mac')

/** Opens a model of this machine: what is where models usually are and in folders that were added, or any other file or folder. */
export function OpenModelDialog(): React.JSX.Element {
  const open = useModels(({ open }) => open)
  const choose = (kind: 'open-model' | 'open-model-folder') => (): void => {
    closeModels()
    void chooseModel(kind)
  }
  return (
    <Dialog open={open} onOpenChange={(next) => { if (!next) closeModels() }} title="Open model" width={800} description="What is on this machine. Or drop a file or folder anywhere on the window."
      footer={
        <>
          <Status />
          {onMac
            ? <Button onClick={choose('open-model')}>Choose file or folder…</Button>
            : <><Button onClick={choose('open-model-folder')}>Choose folder…</Button><Button onClick={choose('open-model')}>Choose file…</Button></>}
        </>
      }>
      <Models />
    </Dialog>
  )
}

/** `12 models`, while it is being looked for more. */
function Status(): React.JSX.Element {
  const models = useModels(({ listing }) => listing?.models.length ?? 0)
  const looking = useModels(({ looking }) => looking)
  return <p className="OpenModel-status tabular" role="status">{looking ? 'Looking…' : formatQuantity(models, 'model')}</p>
}

function Models(): React.JSX.Element {
  const { listing, bundled, looking, error } = useModels()
  const [search, setSearch] = useState('')
  const groups = useMemo(() => listing === null ? [] : modelGroups(listing, bundled, search), [listing, bundled, search])
  const none = listing !== null && !looking && search === '' && !groups.some(({ path }) => path !== null)
  return (
    <Command className="OpenModel" label="Models of this machine" shouldFilter={false} loop>
      <Command.Input className="TextInput OpenModel-search" autoFocus placeholder="Search by name, family or precision" value={search} onValueChange={setSearch} />
      <Command.List className="OpenModel-list">
        {error && <ErrorNotice error={error} action={<Button size="small" onClick={openModels}>Look again</Button>} />}
        {listing === null && !error && <div className="OpenModel-skeletons" aria-busy="true">{[62, 48, 71, 55].map((width) => <Skeleton key={width} width={`${width}%`} />)}</div>}
        {none && <NothingFound listing={listing} bundled={bundled} />}
        {listing !== null && groups.length === 0 && search !== '' && <EmptyState title="No model is called that" body="Search by name, family or precision, or choose the file or folder." />}
        {groups.map(({ title, path, models }) => (
          <Command.Group key={path ?? title} heading={title}>
            {models.map((model) => <ModelLine key={model.path} model={model} />)}
          </Command.Group>
        ))}
      </Command.List>
      <Places listing={listing} bundled={bundled} />
    </Command>
  )
}

/** One model: a click or Enter opens it; one that cannot be opened says why, and the arrow keys pass it by. */
function ModelLine({ model }: { readonly model: FoundModel }): React.JSX.Element {
  const { path, name, family, format, precision, bytes, openable, reason } = model
  return (
    <Command.Item value={path} className="OpenModel-line" disabled={!openable} title={path} onSelect={() => void pickModel(model)}>
      <span className="OpenModel-name">{name}</span>
      <span>{family ?? '–'}</span>
      <span>{precision ?? '–'}</span>
      <span>{formatName(format)}</span>
      <span className="OpenModel-size tabular">{formatBytes(bytes)}</span>
      {!openable && <small className="OpenModel-reason">{reason ?? 'It cannot be opened.'}</small>}
    </Command.Item>
  )
}

function NothingFound({ listing, bundled }: { readonly listing: ModelListing; readonly bundled: readonly string[] }): React.JSX.Element {
  const places = ownPlaces(listing, bundled)
  return (
    <EmptyState icon={HardDrive} title="No models of yours were found" body={`Looked in ${places.map(({ path }) => shortPath(path, listing.home)).join(', ')}. Models elsewhere: add their folder, or choose one.`}
      action={<Button icon={FolderPlus} onClick={addModelFolder}>Add folder…</Button>} />
  )
}

/** Where it is looked, with folders to add and to take away. */
function Places({ listing, bundled }: { readonly listing: ModelListing | null; readonly bundled: readonly string[] }): React.JSX.Element {
  const added = useModels(({ added }) => added)
  return (
    <div className="OpenModel-places">
      <span>Looks in</span>
      <ul aria-label="Places that are looked in">
        {listing && ownPlaces(listing, bundled).map((place) => <Place key={place.path} place={place} home={listing.home} own={added.includes(place.path)} />)}
      </ul>
      <Button size="small" variant="ghost" icon={FolderPlus} onClick={addModelFolder}>Add folder…</Button>
    </div>
  )
}

function Place({ place, home, own }: { readonly place: ModelPlace; readonly home: string; readonly own: boolean }): React.JSX.Element {
  const title = placeTitle(place, home)
  return (
    <li data-missing={!place.there || undefined}>
      <Tooltip content={place.there ? place.path : `${place.path}: there is no such folder`}><span>{title}</span></Tooltip>
      {own && <IconButton icon={X} label={`Stop looking in ${title}`} size="small" onClick={() => removeModelFolder(place.path)} />}
    </li>
  )
}
