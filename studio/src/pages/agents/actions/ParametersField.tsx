import type { ReactNode } from 'react';
import type { JsonSchema } from '../draft/model';
import { JsonField } from './JsonField';

interface Props {
  label: string;
  description?: ReactNode;
  /** The key of the binding whose parameters these are. */
  of: string;
  error?: ReactNode;
  value: JsonSchema;
  onChange: (value: JsonSchema) => void;
}

/** The schema of an action's arguments. */
export function ParametersField({ of, value, onChange, ...look }: Props) {
  return (
    <JsonField
      {...look}
      field={parametersField(of)}
      object
      value={value}
      onChange={(next) => onChange(next as JsonSchema)}
      minHeight={160}
    />
  );
}

/** What they are called among the draft's fields. */
export function parametersField(of: string): string {
  return `${of}/Parameters`;
}
