import { NativeSelect, Stack, TextInput } from '@mantine/core';
import type { Schemas } from '~/api/client';
import { SecretPicker } from './SecretPicker';
import { ValueInput } from './ValueInput';

export type Auth = Schemas['Auth'];

const TYPES: { value: Auth['type']; label: string }[] = [
  { value: 'none', label: 'None' },
  { value: 'bearer', label: 'Bearer token' },
  { value: 'api_key', label: 'API key' },
  { value: 'basic', label: 'User name and password' },
  { value: 'oauth2_client_credentials', label: 'OAuth 2.0 client credentials' },
];

const FRESH: { [T in Auth['type']]: Extract<Auth, { type: T }> } = {
  none: { type: 'none' },
  bearer: { type: 'bearer', token: { secret: '' } },
  api_key: { type: 'api_key', in: 'header', name: 'X-Api-Key', value: { secret: '' } },
  basic: { type: 'basic', username: '', password: { secret: '' } },
  oauth2_client_credentials: {
    type: 'oauth2_client_credentials',
    token_url: '',
    client_id: '',
    client_secret: { secret: '' },
    client_auth: 'basic',
  },
};

interface Props {
  value: Auth;
  onChange: (auth: Auth) => void;
  /** Where it is in the input, for errors, e.g. `/environments/production/auth`. */
  pointer: string;
  errors: (pointer: string, under?: 'under') => string | undefined;
}

/** How requests prove who they are. Credentials are always secrets, by name. */
export function AuthEditor({ value, onChange, pointer, errors }: Props) {
  return (
    <Stack gap="xs">
      <NativeSelect
        label="Authentication"
        data={TYPES}
        value={value.type}
        onChange={(event) => onChange(FRESH[event.currentTarget.value as Auth['type']])}
        error={errors(pointer)}
      />
      <AuthFields value={value} onChange={onChange} pointer={pointer} errors={errors} />
    </Stack>
  );
}

function AuthFields({ value: auth, onChange, pointer, errors }: Props) {
  const at = (field: string) => errors(`${pointer}/${field}`, 'under');
  switch (auth.type) {
    case 'none':
      return null;
    case 'bearer':
      return (
        <SecretPicker
          label="Token"
          value={auth.token.secret}
          onChange={(secret) => onChange({ ...auth, token: { secret } })}
          error={at('token')}
        />
      );
    case 'api_key':
      return (
        <>
          <NativeSelect
            label="Sent in"
            data={[
              { value: 'header', label: 'a header' },
              { value: 'query', label: 'the query' },
            ]}
            value={auth.in}
            onChange={(event) => onChange({ ...auth, in: event.currentTarget.value as 'header' | 'query' })}
            error={at('in')}
          />
          <TextInput
            label={auth.in === 'query' ? 'Query parameter' : 'Header'}
            value={auth.name}
            onChange={(event) => onChange({ ...auth, name: event.currentTarget.value })}
            error={at('name')}
          />
          <ValueInput
            label="Key"
            value={auth.value}
            onChange={(value) => onChange({ ...auth, value })}
            error={at('value')}
          />
        </>
      );
    case 'basic':
      return (
        <>
          <ValueInput
            label="User name"
            value={auth.username}
            onChange={(username) => onChange({ ...auth, username })}
            error={at('username')}
          />
          <SecretPicker
            label="Password"
            value={auth.password.secret}
            onChange={(secret) => onChange({ ...auth, password: { secret } })}
            error={at('password')}
          />
        </>
      );
    case 'oauth2_client_credentials':
      return (
        <>
          <TextInput
            type="url"
            label="Token URL"
            placeholder="https://auth.example.com/oauth/token"
            value={auth.token_url}
            onChange={(event) => onChange({ ...auth, token_url: event.currentTarget.value })}
            error={at('token_url')}
          />
          <ValueInput
            label="Client id"
            value={auth.client_id}
            onChange={(client_id) => onChange({ ...auth, client_id })}
            error={at('client_id')}
          />
          <SecretPicker
            label="Client secret"
            value={auth.client_secret.secret}
            onChange={(secret) => onChange({ ...auth, client_secret: { secret } })}
            error={at('client_secret')}
          />
          <TextInput
            label="Scope"
            description="Optional. Several are separated by spaces."
            value={auth.scope ?? ''}
            onChange={(event) => {
              const { scope: _, ...rest } = auth;
              const scope = event.currentTarget.value;
              onChange(scope ? { ...rest, scope } : rest);
            }}
            error={at('scope')}
          />
          <NativeSelect
            label="Client credentials are sent"
            data={[
              { value: 'basic', label: 'in the Authorization header' },
              { value: 'body', label: 'in the body' },
            ]}
            value={auth.client_auth ?? 'basic'}
            onChange={(event) =>
              onChange({ ...auth, client_auth: event.currentTarget.value as 'basic' | 'body' })
            }
            error={at('client_auth')}
          />
        </>
      );
  }
}
