import { Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';

interface Props {
  title: string;
  children: ReactNode;
  description?: ReactNode;
  id?: string;
}

/** A part of a long form, with a heading that one can jump to. */
export function Section({ title, description, children, id }: Props) {
  const heading = useId();
  return (
    <Stack component="section" gap="sm" py="md" className="form-section" aria-labelledby={heading} id={id}>
      <div>
        <Title order={2} id={heading}>
          {title}
        </Title>
        {description && (
          <Text c="dimmed" size="sm" maw={720} component="div">
            {description}
          </Text>
        )}
      </div>
      {children}
    </Stack>
  );
}
