import { Code, Text } from '@mantine/core';
import { Fragment } from 'react';

/** A text of the document: paragraphs, with names between backticks. */
export function Prose({ children, dimmed = false }: { children: string | undefined; dimmed?: boolean }) {
  if (!children) return null;
  return children.split(/\n\s*\n/).map((paragraph, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change.
    <Text key={at} maw={720} className="wrap-anywhere" {...(dimmed ? { c: 'dimmed' } : {})}>
      <Words>{paragraph}</Words>
    </Text>
  ));
}

export function Words({ children }: { children: string }) {
  return children.split('`').map((part, at) =>
    at % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change.
      <Code key={at}>{part}</Code>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: a text does not change.
      <Fragment key={at}>{part}</Fragment>
    ),
  );
}
