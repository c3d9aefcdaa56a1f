import { Alert, Button, Group, List, Modal, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Schemas } from '~/api/client';
import type { Problem } from '~/api/problem';
import { StatusBadge } from '~/parts/badges';
import { RepairButtons } from '../actions/RepairButtons';
import { useIntegrations } from '../actions/useLinked';
import { useDraft } from '../draft/useDraft';
import { type Broken, brokenIn, problemsIn, REASON } from './refusal';

interface Props {
  agent: Schemas['Agent'];
  number: number;
  refusal: Problem;
  /** Publish the draft instead, once it is fixed. */
  onDraft: () => void;
  onClose: () => void;
}

/** Why a locked version cannot be published, with what fixes it in the draft; then publish the draft. */
export function BlockedView(props: Props) {
  const { agent, number, refusal, onDraft, onClose } = props;
  const { values } = useDraft();
  const broken = brokenIn(refusal);
  const problems = problemsIn(refusal);
  const left = broken.filter((one) => stateOf(one, values.actions) === 'broken').length;
  return (
    <Modal opened onClose={onClose} title={`v${number} cannot be published`} size="lg">
      <Stack>
        {broken.length > 0 && (
          <Stack gap="xs" component="section">
            <Title order={3}>
              {broken.length === 1 ? 'One link is broken' : `${broken.length} links are broken`}
            </Title>
            <Text size="sm" c="dimmed">
              Link each again or remove it. This changes the draft at once; v{number} stays as it is.
            </Text>
            <Stack gap={0} className="panel">
              {broken.map((one) => (
                <BrokenRow key={one.binding_id} one={one} />
              ))}
            </Stack>
          </Stack>
        )}
        {problems.length > 0 && (
          <Alert color="red" variant="light" title="To fix in the draft">
            <List size="sm" spacing={4} className="plain-links">
              {problems.map((one) => (
                <List.Item key={`${one.pointer}:${one.code}`} className="wrap-anywhere">
                  {one.detail}{' '}
                  <Link
                    to="/agents/$id"
                    params={{ id: agent.id }}
                    search={{
                      tab: one.pointer.startsWith('/states') ? 'states' : 'actions',
                      ...(one.binding_ids[0] ? { binding: one.binding_ids[0] } : {}),
                    }}
                    onClick={onClose}
                  >
                    Open
                  </Link>
                </List.Item>
              ))}
            </List>
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Close
          </Button>
          <Button disabled={left > 0} onClick={onDraft}>
            {left > 0 ? `${left} left to fix` : 'Publish the draft…'}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

type Bindings = ReturnType<typeof useDraft>['values']['actions'];

/** Whether the draft still has the broken link. */
function stateOf(one: Broken, actions: Bindings): 'broken' | 'removed' | 'fixed' {
  const binding = actions.find((other) => other.id === one.binding_id);
  if (!binding) return 'removed';
  const { link } = binding;
  const where = one.reason === 'moved' ? one.current_integration_id : undefined;
  const isFixed = !link || link.action_id !== one.action_id || (where && link.integration_id === where);
  return isFixed ? 'fixed' : 'broken';
}

/** One link that is broken, with what fixes it in the draft. */
export function BrokenRow({ one }: { one: Broken }) {
  const { values } = useDraft();
  const { byId } = useIntegrations();
  const state = stateOf(one, values.actions);
  const binding = values.actions.find((other) => other.id === one.binding_id);
  const here = byId.get(one.current_integration_id)?.name;
  return (
    <Group justify="space-between" p="xs" gap="xs" style={{ borderBlockEnd: '1px solid var(--sb-line)' }}>
      <div style={{ minWidth: 0, flex: '1 1 220px' }}>
        <Text fw={600} className="mono wrap-anywhere">
          {one.name}
        </Text>
        <Text size="xs" c="dimmed">
          {REASON[one.reason]}
          {one.reason === 'moved' && here ? `: ${here}` : ''}
        </Text>
      </div>
      {state === 'broken' && binding ? (
        <RepairButtons binding={binding} name={one.name} moved={one.reason === 'moved'} />
      ) : (
        <StatusBadge tone="good">
          {state === 'removed' ? 'Removed from the draft' : 'Linked again'}
        </StatusBadge>
      )}
    </Group>
  );
}
