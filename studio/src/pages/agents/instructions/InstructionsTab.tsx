import { Anchor, Group, Stack, Text } from '@mantine/core';
import { useMemo } from 'react';
import { CodeEditor } from '~/parts/CodeEditor';
import { fieldErrors } from '~/parts/form';
import { useCompletions } from '../actions/useCompletions';
import { useDraft } from '../draft/useDraft';

/** What the model is told in every state. */
export function InstructionsTab() {
  const desk = useDraft();
  const completions = useCompletions();
  const errors = fieldErrors(desk.saveError);
  const text = desk.values.instructions;
  const words = useMemo(() => text.split(/\s+/).filter(Boolean).length, [text]);
  return (
    <Stack gap="xs">
      <CodeEditor
        label="Instructions"
        description="What the model is told in every state. A template: type {{ to choose from the variables."
        error={errors('/instructions')}
        language="template"
        minHeight={320}
        maxHeight={900}
        readOnly={desk.readOnly}
        completions={completions}
        value={text}
        onChange={(instructions) => desk.change((now) => ({ ...now, instructions }))}
      />
      <Group justify="space-between">
        <Text size="xs" c="dimmed">
          {words.toLocaleString()} {words === 1 ? 'word' : 'words'}
        </Text>
        {desk.dirty && text !== desk.base.instructions && !desk.readOnly && (
          <Anchor
            component="button"
            type="button"
            size="xs"
            onClick={() => desk.change((now) => ({ ...now, instructions: desk.base.instructions }))}
          >
            Reset to what is saved
          </Anchor>
        )}
      </Group>
    </Stack>
  );
}
