import IconAdjustments from '@tabler/icons-react/icons/IconAdjustments';
import IconHistory from '@tabler/icons-react/icons/IconHistory';
import IconKey from '@tabler/icons-react/icons/IconKey';
import IconLayoutDashboard from '@tabler/icons-react/icons/IconLayoutDashboard';
import IconLock from '@tabler/icons-react/icons/IconLock';
import IconMessage from '@tabler/icons-react/icons/IconMessage';
import IconMessages from '@tabler/icons-react/icons/IconMessages';
import IconPlugConnected from '@tabler/icons-react/icons/IconPlugConnected';
import IconRobot from '@tabler/icons-react/icons/IconRobot';
import IconSettings from '@tabler/icons-react/icons/IconSettings';
import IconUsers from '@tabler/icons-react/icons/IconUsers';

/** The pages of the main navigation, in groups. `key` is the second key of the shortcut that starts with g. */
export const PAGE_GROUPS = [
  {
    label: 'Build',
    pages: [
      { to: '/overview', label: 'Overview', icon: IconLayoutDashboard, key: 'o' },
      { to: '/integrations', label: 'Integrations', icon: IconPlugConnected, key: 'i' },
      { to: '/agents', label: 'Agents', icon: IconRobot, key: 'a' },
    ],
  },
  {
    label: 'Run',
    pages: [
      { to: '/conversations', label: 'Conversations', icon: IconMessages, key: 'c' },
      { to: '/messages', label: 'Messages', icon: IconMessage, key: 'm' },
    ],
  },
  {
    label: 'Workspace',
    pages: [
      { to: '/secrets', label: 'Secrets', icon: IconLock, key: 's' },
      { to: '/variables', label: 'Variables', icon: IconAdjustments, key: 'v' },
      { to: '/members', label: 'Members', icon: IconUsers, key: 'u' },
      { to: '/api-keys', label: 'API keys', icon: IconKey, key: 'k' },
      { to: '/audit', label: 'Audit log', icon: IconHistory, key: 'l' },
      { to: '/settings', label: 'Workspace settings', icon: IconSettings, key: 'w' },
    ],
  },
] as const;

export const PAGES = PAGE_GROUPS.flatMap((group) => [...group.pages]);
export type PageEntry = (typeof PAGES)[number];
