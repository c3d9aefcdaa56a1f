import type { Role } from '~/api/accounts';

export const ROLES: readonly { value: Role; label: string; may: string }[] = [
  { value: 'viewer', label: 'Viewer', may: 'Reads everything, changes and calls nothing.' },
  {
    value: 'editor',
    label: 'Editor',
    may: 'Also changes integrations, agents, secrets and variables, and tries actions.',
  },
  { value: 'admin', label: 'Admin', may: 'Also members, invitations and API keys.' },
  { value: 'owner', label: 'Owner', may: 'Also makes and removes owners.' },
];

/** The roles that somebody of this role may give. */
export function givable(own: Role): readonly { value: Role; label: string }[] {
  return own === 'owner' ? ROLES : ROLES.filter((role) => role.value !== 'owner');
}
