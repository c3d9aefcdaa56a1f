import type { Schemas } from '~/api/client';

export const ROLES: readonly { value: Schemas['Role']; label: string; may: string }[] = [
  { value: 'viewer', label: 'Viewer', may: 'Reads everything, changes and calls nothing.' },
  {
    value: 'editor',
    label: 'Editor',
    may: 'Also changes integrations, agents, secrets and variables, and tries actions.',
  },
  { value: 'admin', label: 'Admin', may: 'Also members, invitations and API keys.' },
  { value: 'owner', label: 'Owner', may: 'Also adds and removes owners.' },
];

/** The roles that somebody of this role may give. */
export function givable(own: Schemas['Role']): readonly { value: Schemas['Role']; label: string }[] {
  return own === 'owner' ? ROLES : ROLES.filter((role) => role.value !== 'owner');
}
