import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import { useDraft } from '../draft/useDraft';

/** It is live; and what may go wrong with it in production. */
export function PublishedView({
  version,
  onClose,
}: {
  version: Schemas['PublishedVersion'];
  onClose: () => void;
}) {
  const { agentId, values } = useDraft();
  const { warnings } = version;
  return (
    <Modal opened onClose={onClose} title={`v${version.number} is published`} size="lg">
      <Stack>
        <Text role="status">New conversations get v{version.number} from now on.</Text>
        {warnings.length > 0 && (
          <Alert
            color="yellow"
            variant="light"
            title={warnings.length === 1 ? 'One thing to look at' : `${warnings.length} things to look at`}
          >
            <List size="sm" spacing={4} className="plain-links">
              {warnings.map((one) => {
                const binding = values.actions.find((other) => one.binding_ids.includes(other.key));
                return (
                  <List.Item key={`${one.code}:${one.detail}`} className="wrap-anywhere">
                    {one.detail}{' '}
                    {binding && (
                      <Link
                        to="/agents/$id"
                        params={{ id: agentId }}
                        search={{ tab: 'actions', binding: binding.key }}
                        onClick={onClose}
                      >
                        Open the action
                      </Link>
                    )}
                  </List.Item>
                );
              })}
            </List>
          </Alert>
        )}
        <Group justify="flex-end">
          <Button data-autofocus onClick={onClose}>
            Done
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
