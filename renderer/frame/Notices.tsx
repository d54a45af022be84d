import { CircleAlert, Info, TriangleAlert, X } from 'lucide-react'
import { useEffect } from 'react'
import { Button, errorPlace, IconButton, ProgressBar } from '../components'
import { dismissNotice, useNotices, type Notice } from '../state/notices'
import './Notices.css'

const icons = { error: CircleAlert, warning: TriangleAlert, info: Info } as const
const infoStaysMs = 5_000

/** Sentences at the lower right that are read out as they come. */
export function Notices(): React.JSX.Element {
  const notices = useNotices(({ notices }) => notices)
  return <div className="Notices" role="region" aria-label="Notices" aria-live="polite">{notices.map((notice) => <NoticeView key={notice.id} notice={notice} />)}</div>
}

function NoticeView({ notice: { id, tone, error, actions, progress } }: { readonly notice: Notice }): React.JSX.Element {
  const Icon = icons[tone]
  const place = errorPlace(error)
  const goes = tone === 'info' && actions.length === 0
  useEffect(() => {
    if (!goes) return
    const timer = setTimeout(() => dismissNotice(id), infoStaysMs)
    return () => clearTimeout(timer)
  }, [id, goes])
  return (
    <div className="NoticeView" data-tone={tone}>
      <Icon size={16} strokeWidth={1.75} aria-hidden />
      <div className="NoticeView-text selectable">
        <p>{error.message}</p>
        {place && <p className="NoticeView-more">{place}</p>}
        {error.hint && <p className="NoticeView-more">{error.hint}</p>}
        {progress !== undefined && <div className="NoticeView-progress"><ProgressBar label={error.message} value={progress} /></div>}
        {actions.length > 0 && (
          <div className="NoticeView-actions">
            {actions.map(({ label, run }) => <Button key={label} size="small" onClick={() => { dismissNotice(id); run() }}>{label}</Button>)}
          </div>
        )}
      </div>
      <IconButton icon={X} label="Dismiss" size="small" onClick={() => dismissNotice(id)} />
    </div>
  )
}
