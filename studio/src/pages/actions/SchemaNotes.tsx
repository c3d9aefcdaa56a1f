import { Alert, List } from '@mantine/core';
import type { Schemas } from '~/api/client';
import { StatusBadge } from '~/parts/badges';

/** What the providers of models make of a schema; mere rewritings are not worth a word. */
export function SchemaNotes({ notes }: { notes: readonly Schemas['ToolNote'][] }) {
  const shown = notes.filter((one) => one.severity !== 'rewritten');
  if (shown.length === 0) return null;
  return (
    <Alert color="yellow" variant="light" title="Saved, but not every model accepts it as it is" my="sm">
      <List size="sm">
        {shown.map((one) => (
          <List.Item key={`${one.provider}/${one.rule}/${one.detail}`}>
            <StatusBadge tone={one.severity === 'left_out' ? 'bad' : 'warn'}>
              {one.severity === 'left_out' ? `left out for ${one.provider}` : one.provider}
            </StatusBadge>{' '}
            {one.detail}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}
