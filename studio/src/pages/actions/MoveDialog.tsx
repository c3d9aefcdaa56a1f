import { Button, Group, Modal, Select, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { $api, client, ifMatch } from '~/api/client';
import { useList } from '~/api/list';
import { AffectedList } from '~/parts/AffectedList';
import { LoadingRows } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import type { Action } from './values';

/** To another integration of the same kind; before it, who is left with a broken link. */
export function MoveDialog({ action, onClose }: { action: Action; onClose: () => void }) {
  const [to, setTo] = useState<string | null>(null);
  const integrations = useList('/api/v1/integrations', { all: true });
  const choices = integrations.items.filter(
    (one) => one.kind === action.integration_kind && one.id !== action.integration_id,
  );
  const report = useQuery({
    queryKey: ['move', action.id, to, action.revision],
    enabled: to !== null,
    gcTime: 0,
    queryFn: async () => {
      const { data } = await client.POST('/api/v1/actions/{id}/move', {
        params: { path: { id: action.id }, query: { dry_run: true } },
        body: { integration_id: to ?? '' },
      });
      return data && 'affected' in data ? data : { dry_run: true, affected: [], refusal: null };
    },
  });
  const move = $api.useMutation('post', '/api/v1/actions/{id}/move', {
    meta: { done: 'Moved', refreshes: ['/api/v1/'] },
    onSuccess: onClose,
  });
  const ready = to !== null && report.data !== undefined && !report.data.refusal;
  return (
    <Modal opened onClose={onClose} title={`Move ${action.name}`} size="lg">
      <Stack>
        <Text>
          The action keeps its shape and uses the base URL and authentication of its new integration. Links
          still name the old integration, so that no agent calls another service unnoticed: each has to be
          linked again by hand.
        </Text>
        <Select
          label="Move to"
          placeholder={
            integrations.loading
              ? 'Loading…'
              : choices.length === 0
                ? 'There is no other one'
                : 'Choose an integration'
          }
          data={choices.map((one) => ({ value: one.id, label: one.name }))}
          value={to}
          onChange={setTo}
          searchable
          data-autofocus
          comboboxProps={{ withinPortal: true }}
        />
        {to && report.isPending && <LoadingRows rows={2} />}
        <ProblemAlert error={report.error} onRetry={() => void report.refetch()} />
        {report.data && (
          <AffectedList report={report.data} nobody="No agent links it, so no link is broken." />
        )}
        <ProblemAlert error={move.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            disabled={!ready}
            loading={move.isPending}
            onClick={() =>
              to &&
              move.mutate({
                params: { path: { id: action.id }, header: ifMatch(action.revision) },
                body: { integration_id: to },
              })
            }
          >
            Move
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
