import { Button, Group, Modal, Stack, Text, Title } from '@mantine/core';
import { $api, ifMatch, type Schemas } from '~/api/client';
import { DiffView } from '~/parts/JsonView';
import { ListState } from '~/parts/ListState';
import { ProblemAlert } from '~/parts/ProblemAlert';
import { NeedButton } from '~/parts/permission';
import { RelativeTime } from '~/parts/time';

/** A tool that its server changed, withheld until somebody looked at the difference. */
export function ApproveDialog({ tool, onClose }: { tool: Schemas['Action']; onClose: () => void }) {
  const path = { id: tool.id };
  const revisions = $api.useQuery('get', '/api/v1/actions/{id}/revisions', {
    params: { path, query: { limit: 20 } },
  });
  const approve = $api.useMutation('post', '/api/v1/actions/{id}/approve', {
    meta: { done: `${tool.name} is approved`, refreshes: ['/api/v1/integrations', '/api/v1/actions'] },
    onSuccess: onClose,
  });
  const change = revisions.data?.data.find((one) => one.change === 'updated');
  return (
    <Modal opened onClose={onClose} title={`The server changed ${tool.name}`} size="xl">
      <Stack>
        <Text>
          Agents cannot call it until you approve. Look for text that tells a model to do something different
          than before.
        </Text>
        <ListState
          loading={revisions.isPending}
          problem={revisions.error}
          onRetry={() => void revisions.refetch()}
          empty={!change}
          whenEmpty={<Text c="dimmed">There is no earlier shape to compare with.</Text>}
        >
          {change && (
            <Stack gap="xs">
              <Text size="xs" c="dimmed">
                Changed <RelativeTime at={change.at} />
              </Text>
              {change.fields.map((field) => (
                <div key={field.field}>
                  <Title order={3} className="mono">
                    {field.field}
                  </Title>
                  <DiffView before={field.before} after={field.after} label={`Change of ${field.field}`} />
                </div>
              ))}
            </Stack>
          )}
        </ListState>
        <ProblemAlert error={approve.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep it held
          </Button>
          <NeedButton
            need="edit"
            loading={approve.isPending}
            onClick={() => approve.mutate({ params: { path, header: ifMatch(tool.revision) } })}
          >
            Approve the change
          </NeedButton>
        </Group>
      </Stack>
    </Modal>
  );
}
