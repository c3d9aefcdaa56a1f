import { TextInput } from '@mantine/core';
import IconSearch from '@tabler/icons-react/icons/IconSearch';
import { useEffect, useState } from 'react';

interface Props {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

/** A search that lives in the address: typed at once here, told to the address a moment later. */
export function SearchField({ label, value, onChange }: Props) {
  const [typed, setTyped] = useState(value ?? '');
  useEffect(() => {
    setTyped(value ?? '');
  }, [value]);
  useEffect(() => {
    if (typed === (value ?? '')) return;
    const timer = setTimeout(() => onChange(typed || undefined), 150);
    return () => clearTimeout(timer);
  }, [typed, value, onChange]);
  return (
    <TextInput
      type="search"
      w={{ base: '100%', xs: 260 }}
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={14} aria-hidden />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  );
}

/** What a list is asked for: all of it, or what has these words in its name or description. */
export function searched(query: string | undefined): { q?: string } {
  return query?.trim() ? { q: query.slice(0, 200) } : {};
}

/** Whether any of these texts has the words searched for. */
export function matches(query: string | undefined, ...texts: (string | null | undefined)[]): boolean {
  const words = (query ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const text = texts.join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}
