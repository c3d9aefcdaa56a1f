import { Textarea } from '@mantine/core';
import { useState } from 'react';

interface Props {
  size: 'xs';
  label: string;
  withAsterisk: boolean;
  description?: string | undefined;
  error?: string | undefined;
  value: unknown;
  onChange: (value: unknown) => void;
}

/** A small field for any JSON; what is half typed stays here and is not taken yet. */
export function JsonField({ value, onChange, description, error, ...field }: Props) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value));
  const [wrong, setWrong] = useState(false);
  return (
    <Textarea
      {...field}
      description={description ? `${description} (as JSON)` : 'As JSON'}
      error={wrong ? 'This is not JSON yet' : error}
      classNames={{ input: 'mono' }}
      autosize
      minRows={1}
      maxRows={8}
      value={text}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        try {
          onChange(next.trim() === '' ? undefined : JSON.parse(next));
          setWrong(false);
        } catch {
          setWrong(true);
        }
      }}
    />
  );
}
