import { Anchor, Kbd, List, Stack, Text, Title } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { Document } from '~/api/document';
import { Words } from './Prose';
import { ReferenceTitle } from './ReferenceTitle';

/** What holds for every operation. */
export function StartView({ document }: { document: Document }) {
  return (
    <Stack gap="lg">
      <div>
        <ReferenceTitle title="API reference" />
        <Text c="dimmed">
          {document.info.title} {document.info.version}
        </Text>
      </div>
      <Text maw={720}>{document.info.description}</Text>
      <Stack component="section" gap="xs">
        <Title order={2}>How to ask</Title>
        <List maw={720} spacing={4}>
          <List.Item>
            <Words>{`The API is at \`${location.origin}/api/v1\`. What goes in and what comes back is JSON.`}</Words>
          </List.Item>
          <List.Item>
            <Words>
              {
                'A program sends its API key with each request: `Authorization: Bearer sb_…`. Keys are made in the Studio, or by `switchboard keys create`.'
              }
            </Words>
          </List.Item>
          <List.Item>
            What goes wrong has a code that does not change:{' '}
            <Anchor component={Link} to="/api/docs" hash="/errors">
              all errors
            </Anchor>
            .
          </List.Item>
          <List.Item>
            All of this page is in the OpenAPI document at{' '}
            <Anchor href="/api/openapi.json">/api/openapi.json</Anchor>.
          </List.Item>
        </List>
      </Stack>
      <Text c="dimmed">
        <Kbd size="xs">/</Kbd> goes to the search, <Kbd size="xs">Enter</Kbd> opens the first operation found.
      </Text>
    </Stack>
  );
}
