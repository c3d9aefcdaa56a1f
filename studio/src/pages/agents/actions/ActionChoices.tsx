import { Checkbox, Group, Radio, Text } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useRef } from 'react';
import { MethodBadge, StatusBadge } from '~/parts/badges';
import type { Action } from './useLinked';

interface Props {
  actions: readonly Action[];
  single: boolean;
  picked: readonly Action[];
  onToggle: (action: Action) => void;
  /** Why it cannot be chosen. */
  note: (action: Action) => string | undefined;
}

/** A list to choose from; of many only those in sight are drawn. */
export function ActionChoices({ actions, single, picked, onToggle, note }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: actions.length,
    getScrollElement: () => box.current,
    estimateSize: () => 48,
    overscan: 8,
  });
  const Choice = single ? Radio : Checkbox;
  return (
    <div
      ref={box}
      className="panel"
      style={{ height: Math.min(360, Math.max(96, actions.length * 48 + 2)), overflow: 'auto' }}
      role="group"
      aria-label="Actions"
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map((item) => {
          const action = actions[item.index];
          if (!action) return null;
          const why = note(action);
          return (
            <div
              key={action.id}
              ref={virtual.measureElement}
              data-index={item.index}
              style={{
                position: 'absolute',
                insetInline: 0,
                transform: `translateY(${item.start}px)`,
                padding: '6px 12px',
                borderBlockEnd: '1px solid var(--sb-line)',
              }}
            >
              <Choice
                size="xs"
                checked={picked.some((one) => one.id === action.id)}
                disabled={why !== undefined}
                onChange={() => onToggle(action)}
                label={
                  <Group gap={6} wrap="nowrap">
                    <span className="mono wrap-anywhere">{action.name}</span>
                    {action.method ? (
                      <MethodBadge method={action.method} />
                    ) : (
                      <StatusBadge tone="plain">{action.tool ? 'tool' : 'message'}</StatusBadge>
                    )}
                    {why && (
                      <Text span size="xs" c="dimmed">
                        {why}
                      </Text>
                    )}
                  </Group>
                }
                description={action.description || action.path}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}
