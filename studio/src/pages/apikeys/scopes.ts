export const SCOPES = [
  {
    value: 'run',
    label: 'run',
    may: 'Conversations, calls and events. For the program that runs your agents.',
  },
  {
    value: 'manage',
    label: 'manage',
    may: 'Also secrets, variables, integrations, actions and agents. For scripts that set things up.',
  },
  { value: 'admin', label: 'admin', may: 'Also API keys, members and the audit log.' },
] as const;
