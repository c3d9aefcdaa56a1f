import { Button, Group, Stack, Text, TextInput, Title } from '@mantine/core';
import { AuthEditor } from '~/parts/AuthEditor';
import { ENVIRONMENT_LABEL, ENVIRONMENTS, type Environment, EnvironmentScope } from '~/parts/environments';
import { HeadersEditor } from '~/parts/HeadersEditor';
import { copyOfSlot, emptySlot, type IntegrationForm, type SlotForm } from './model';

type Slots = IntegrationForm['slots'];
type Errors = (pointer: string, under?: 'under') => string | undefined;

const SCOPES: Record<Environment, readonly Environment[]> = {
  development: ['development'],
  staging: ['staging'],
  production: ['production'],
};

interface Props {
  slots: Slots;
  onChange: (slots: Slots) => void;
  errors: Errors;
}

/** Development, staging and production side by side; one that is empty says what that means. */
export function SlotsEditor({ slots, onChange, errors }: Props) {
  return (
    <Stack gap="xs">
      {errors('/environments') && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {errors('/environments')}
        </Text>
      )}
      <div className="environments">
        {ENVIRONMENTS.map((environment) => {
          const slot = slots[environment];
          const put = (next: SlotForm | null) => onChange({ ...slots, [environment]: next });
          return (
            <Stack
              key={environment}
              className="panel"
              p="sm"
              gap="xs"
              component="section"
              aria-label={ENVIRONMENT_LABEL[environment]}
            >
              <Group justify="space-between">
                <Title order={2} size="h3">
                  {ENVIRONMENT_LABEL[environment]}
                </Title>
                {slot && (
                  <Button variant="subtle" color="gray" size="compact-xs" onClick={() => put(null)}>
                    Clear
                  </Button>
                )}
              </Group>
              {slot ? (
                <EnvironmentScope value={SCOPES[environment]}>
                  <SlotFields environment={environment} slot={slot} onChange={put} errors={errors} />
                </EnvironmentScope>
              ) : (
                <EmptySlot environment={environment} slots={slots} onFill={put} />
              )}
            </Stack>
          );
        })}
      </div>
    </Stack>
  );
}

function EmptySlot({
  environment,
  slots,
  onFill,
}: {
  environment: Environment;
  slots: Slots;
  onFill: (slot: SlotForm) => void;
}) {
  return (
    <Stack gap="xs" align="flex-start">
      <Text size="sm" c="dimmed">
        Not set up. The integration is unavailable in {environment}; no other environment is used instead.
      </Text>
      <Button variant="default" onClick={() => onFill(emptySlot())}>
        Set up {environment}
      </Button>
      {ENVIRONMENTS.map((other) => {
        const slot = slots[other];
        return (
          slot && (
            <Button key={other} variant="subtle" size="compact-xs" onClick={() => onFill(copyOfSlot(slot))}>
              Same as {other}
            </Button>
          )
        );
      })}
    </Stack>
  );
}

function SlotFields({
  environment,
  slot,
  onChange,
  errors,
}: {
  environment: Environment;
  slot: SlotForm;
  onChange: (slot: SlotForm) => void;
  errors: Errors;
}) {
  const at = `/environments/${environment}`;
  return (
    <Stack gap="xs">
      <TextInput
        type="url"
        label="Base URL"
        placeholder="https://api.example.com/v1"
        required
        value={slot.base_url}
        onChange={(event) => onChange({ ...slot, base_url: event.currentTarget.value })}
        error={errors(`${at}/base_url`) ?? errors(at)}
      />
      <AuthEditor
        value={slot.auth}
        onChange={(auth) => onChange({ ...slot, auth })}
        pointer={`${at}/auth`}
        errors={errors}
      />
      <HeadersEditor
        rows={slot.headers}
        onChange={(headers) => onChange({ ...slot, headers })}
        pointer={`${at}/headers`}
        errors={errors}
      />
    </Stack>
  );
}
