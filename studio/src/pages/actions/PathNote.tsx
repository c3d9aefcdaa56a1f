import { Button, Group, Text } from '@mantine/core';
import { addProperty, EMPTY_SCHEMA, type JsonObject, schemaText } from '~/parts/schema/schema';
import { unfilled } from './where';

interface Props {
  path: string;
  schema: JsonObject | null;
  baseUrl: string | undefined;
  readOnly: boolean;
  onSchema: (text: string) => void;
}

/** Where the path leads, and the places in it that no parameter fills. */
export function PathNote({ path, schema, baseUrl, readOnly, onSchema }: Props) {
  const missing = unfilled(path, schema);
  const add = () => {
    const next = missing.reduce((now, name) => addProperty(now, name), schema ?? EMPTY_SCHEMA);
    onSchema(schemaText(next));
  };
  return (
    <>
      <Text size="xs" c="dimmed" className="wrap-anywhere">
        {baseUrl ? (
          <span className="mono">
            {baseUrl.replace(/\/$/, '')}
            {path}
          </span>
        ) : (
          'A parameter in the path is written {name}.'
        )}
      </Text>
      {missing.length > 0 && (
        <Group gap="xs">
          <Text size="sm">
            No parameter fills <span className="mono">{missing.map((name) => `{${name}}`).join(', ')}</span>.
          </Text>
          {!readOnly && (
            <Button variant="light" size="compact-xs" onClick={add}>
              Add {missing.length === 1 ? 'it' : 'them'} to the parameters
            </Button>
          )}
        </Group>
      )}
    </>
  );
}
