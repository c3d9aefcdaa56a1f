import { Textarea, TextInput } from '@mantine/core';
import type { Form } from '~/parts/form';
import type { Errors } from './ApiFields';
import { Section } from './Section';
import type { ActionValues } from './values';

interface Props {
  form: Form<ActionValues>;
  errors: Errors;
  /** A name as an example. */
  example: string;
}

/** What the model is told of an action: its name and its description. */
export function WhatItDoes({ form: { values, set }, errors, example }: Props) {
  return (
    <Section title="What it does">
      <TextInput
        label="Name"
        withAsterisk
        description="The model calls it by this name: letters, digits, _ and -."
        classNames={{ input: 'mono' }}
        placeholder={example}
        value={values.name}
        error={errors('/name')}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <Textarea
        label="Description"
        description="Tells the model what it is for and when to use it."
        autosize
        minRows={2}
        maxRows={10}
        value={values.description}
        error={errors('/description')}
        onChange={(event) => set({ description: event.currentTarget.value })}
      />
    </Section>
  );
}
