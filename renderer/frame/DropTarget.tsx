import { useEffect, useState } from 'react'
import { noticeError } from '../state/notices'
import { openPaths } from '../state/open'
import { workbench } from '../state/workbench'
import { dropPromise } from './dropped-files'
import './DropTarget.css'

/** Takes files dropped anywhere on the window and says beforehand what will happen. */
export function DropTarget(): React.JSX.Element | null {
  const [promise, setPromise] = useState<string | null>(null)
  useEffect(() => {
    const controller = new AbortController()
    const listen = { signal: controller.signal }
    const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
    const over = (event: DragEvent): void => {
      if (!holdsFiles(event) || !event.dataTransfer) return
      event.preventDefault()
      event.dataTransfer.dropEffect = 'copy'
      const { dataset } = workbench.get()
      setPromise(dropPromise([...event.dataTransfer.items].filter(({ kind }) => kind === 'file'), dataset.kind === 'ready' ? dataset.value.name : null))
    }
    window.addEventListener('dragenter', over, listen)
    window.addEventListener('dragover', over, listen)
    window.addEventListener('dragleave', (event) => { if (event.relatedTarget === null) setPromise(null) }, listen)
    window.addEventListener('drop', (event) => {
      setPromise(null)
      if (!holdsFiles(event)) return
      event.preventDefault()
      void openDropped([...(event.dataTransfer?.files ?? [])])
    }, listen)
    return () => controller.abort()
  }, [])
  if (promise === null) return null
  return <div className="DropTarget" role="status"><p>{promise}</p></div>
}

async function openDropped(files: readonly File[]): Promise<void> {
  try {
    const paths = await Promise.all(files.map((file) => window.layerscope.dropped(file)))
    await openPaths(paths.filter((path) => path !== null))
  } catch (error) {
    noticeError(error)
  }
}
