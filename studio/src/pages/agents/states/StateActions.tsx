import { Alert, Checkbox, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useBindingNames } from '../actions/useLinked';
import { nameOf } from '../draft/differences';
import type { BindingValues, StateValues } from '../draft/model';
import { useDraft } from '../draft/useDraft';
import { allowIn, isAllowedIn } from './edit';

/** Available actions for this step. */
export function StateActions({ state }: { state: StateValues }) {
  const { values, change, readOnly, agentId } = useDraft();
  const names = useBindingNames(values.actions);
  const [refused, setRefused] = useState<string>();
  const states = values.states.map((one) => one.name);
  function toggle(binding: BindingValues, allowed: boolean) {
    const next = allowIn(binding, state.name, allowed, states);
    setRefused(next ? undefined : nameOf(binding, names));
    if (!next) return;
    change((now) => ({ ...now, actions: now.actions.map((one) => (one.key === binding.key ? next : one)) }));
  }
  return (
    <Stack gap={6} component="section" aria-label="Available actions for this step">
      <Title order={3}>Available actions for this step</Title>
      {!values.strict_states && values.actions.length > 0 && (
        <Text size="xs" c="dimmed">
          Strict states is off: all actions are available in every state, and what is chosen here is stored
          but not applied.
        </Text>
      )}
      {values.actions.length === 0 && (
        <Text size="sm" c="dimmed">
          The agent has no actions yet.{' '}
          <Link to="/agents/$id" params={{ id: agentId }} search={{ tab: 'actions' }}>
            Add one
          </Link>
        </Text>
      )}
      {values.actions.map((binding) => {
        const everywhere = !binding.allowed_states?.length;
        return (
          <Checkbox
            key={binding.key}
            size="xs"
            disabled={readOnly}
            label={<span className="mono">{nameOf(binding, names)}</span>}
            description={everywhere ? 'In every state' : undefined}
            checked={isAllowedIn(binding, state.name)}
            onChange={(event) => toggle(binding, event.currentTarget.checked)}
          />
        );
      })}
      {refused && (
        <Alert color="yellow" variant="light" py={6}>
          This is the only state of {refused}. Without any state it would be available in all of them: allow
          it in another state first, or remove it from the agent.
        </Alert>
      )}
    </Stack>
  );
}
