import { List, Text } from '@mantine/core';

interface Props {
  names: string[];
  /** Why, by name, where it was not the size. */
  reasons: Record<string, unknown>;
}

/** The output variables that a call did not set although something may have been there. */
export function LeftOut({ names, reasons }: Props) {
  if (names.length === 0) return null;
  return (
    <div>
      <Text size="sm">Not set:</Text>
      <List size="sm">
        {names.map((name) => (
          <List.Item key={name}>
            <span className="mono">{name}</span>: {reasonOf(reasons[name])}
          </List.Item>
        ))}
      </List>
    </div>
  );
}

function reasonOf(reason: unknown): string {
  return typeof reason === 'string' ? reason : 'it is larger than a variable may be';
}
