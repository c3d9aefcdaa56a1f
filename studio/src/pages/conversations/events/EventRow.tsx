import { Group, Text, UnstyledButton } from '@mantine/core';
import IconChevronRight from '@tabler/icons-react/icons/IconChevronRight';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { ConversationEvent } from '~/api/events';
import { StatusBadge } from '~/parts/badges';
import { callOf } from './call';
import { summaryOf } from './summary';

interface Props {
  event: ConversationEvent;
  /** The address points at it: open, and in sight. */
  target: boolean;
  /** Open from the start, e.g. because it waits for an answer. */
  startOpen?: boolean;
  children: () => ReactNode;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** One line of the log; opened, all of it. */
export function EventRow({ event, target, startOpen = false, children }: Props) {
  const [open, setOpen] = useState(target || startOpen);
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (!target) return;
    setOpen(true);
    row.current?.scrollIntoView({ block: 'center' });
  }, [target]);
  const summary = summaryOf(event);
  const duration = callOf(event)?.durationMs;
  return (
    <li ref={row} className="event-row" data-target={target || undefined}>
      <UnstyledButton className="event-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight
          size={14}
          aria-hidden
          style={{ flex: 'none', transform: open ? 'rotate(90deg)' : undefined }}
        />
        <Group gap={8} style={{ flex: 1, minWidth: 0 }}>
          <StatusBadge tone={summary.tone}>{summary.kind}</StatusBadge>
          <Text span size="sm" className="wrap-anywhere" style={{ flex: '1 1 8rem', minWidth: 0 }}>
            {summary.text}
          </Text>
          <Text span size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }}>
            {duration != null && `${duration} ms · `}
            <time dateTime={event.at}>{clock.format(new Date(event.at))}</time>
          </Text>
        </Group>
      </UnstyledButton>
      {open && <div className="event-details">{children()}</div>}
    </li>
  );
}
