import { useState } from 'react';
import type { Schemas } from '~/api/client';
import { useCan } from '~/api/session';
import type { Form } from '~/parts/form';
import type { Errors } from './ApiFields';
import { OutputsEditor } from './OutputsEditor';
import { outputRoot } from './outputRoot';
import { Section } from './Section';
import { TryIt } from './TryIt';
import type { Action, ActionValues, Kind } from './values';

interface Props {
  action: Action;
  kind: Kind;
  form: Form<ActionValues>;
  errors: Errors;
  integration: Schemas['Integration'] | undefined;
}

/** Try it, and take variables from the answer that came. */
export function TryAndTake({ action, kind, form, errors, integration }: Props) {
  const [answer, setAnswer] = useState<Schemas['TestAnswer']>();
  const mayEdit = useCan('edit');
  return (
    <>
      <Section
        title="Try it"
        description="Performs the saved action now, outside of any agent. It is a real call with real effects."
      >
        <TryIt
          action={action}
          dirty={form.dirty}
          integration={integration}
          onAnswer={setAnswer}
          answer={answer}
        />
      </Section>
      {kind !== 'messaging_channel' && (
        <Section
          title="Output variables"
          description="Taken from each successful response into the conversation, where templates, instructions and later actions see them."
        >
          <fieldset disabled={!mayEdit} className="need-fields">
            <OutputsEditor
              form={form}
              errors={errors}
              readOnly={!mayEdit}
              root={answer?.status === 'succeeded' ? outputRoot(kind, answer.output) : undefined}
            />
          </fieldset>
        </Section>
      )}
    </>
  );
}
