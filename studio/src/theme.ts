import {
  ActionIcon,
  Anchor,
  Button,
  type CSSVariablesResolver,
  createTheme,
  Menu,
  Modal,
  NativeSelect,
  Notification,
  NumberInput,
  PasswordInput,
  Select,
  Table,
  Textarea,
  TextInput,
  Tooltip,
} from '@mantine/core';

const SANS =
  'ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif';
const MONO = 'ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace';

/** Dense and calm: small sizes everywhere, one accent, the system's own fonts. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 7 },
  autoContrast: true,
  colors: {
    // From 7 on darker than Mantine's, for white text on it.
    red: [
      '#fff5f5',
      '#ffe3e3',
      '#ffc9c9',
      '#ffa8a8',
      '#ff8787',
      '#ff6b6b',
      '#fa5252',
      '#c92a2a',
      '#b02525',
      '#951f1f',
    ],
    dark: [
      '#dfe3e8',
      '#a6acb5',
      '#8d949e',
      '#5b626d',
      '#3a404a',
      '#2e333b',
      '#1f2329',
      '#16181c',
      '#121417',
      '#0e1013',
    ],
  },
  defaultRadius: 'sm',
  fontFamily: SANS,
  fontFamilyMonospace: MONO,
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: {
    fontFamily: SANS,
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '1.25rem', lineHeight: '1.4' },
      h2: { fontSize: '1rem', lineHeight: '1.4' },
      h3: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  components: {
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    Anchor: Anchor.extend({ defaultProps: { underline: 'always' } }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray' } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: 'xs' } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'xs' } }),
    NumberInput: NumberInput.extend({ defaultProps: { size: 'xs' } }),
    Select: Select.extend({ defaultProps: { size: 'xs' } }),
    NativeSelect: NativeSelect.extend({ defaultProps: { size: 'xs' } }),
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Notification: Notification.extend({ defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true, multiline: true, maw: 320 } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 6, horizontalSpacing: 'sm' } }),
    Modal: Modal.extend({
      defaultProps: { centered: false, yOffset: '8vh', closeButtonProps: { 'aria-label': 'Close' } },
    }),
  },
});

/** Mantine's dimmed and placeholder greys are too pale to read; these pass WCAG AA on every surface here. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#565e66',
    '--mantine-color-placeholder': '#666e76',
    '--mantine-color-error': '#c92a2a',
    '--mantine-color-red-6': '#c92a2a',
    '--mantine-color-green-light-color': '#1b6b35',
    '--mantine-color-yellow-light-color': '#7a4d00',
    '--mantine-color-orange-light-color': '#94400a',
    '--mantine-color-blue-light-color': '#13578f',
    '--mantine-color-red-light-color': '#a61e1e',
    '--sb-surface': '#f8f9fa',
    '--sb-line': '#e3e6ea',
    '--sb-hover': '#f1f3f5',
    '--sb-added': '#e6f6ea',
    '--sb-removed': '#fdecec',
  },
  dark: {
    '--mantine-color-dimmed': '#a6acb5',
    '--mantine-color-placeholder': '#8d949e',
    '--mantine-color-error': '#ff8787',
    '--mantine-color-red-6': '#ff8787',
    '--sb-surface': '#1c1f24',
    '--sb-line': '#2e333b',
    '--sb-hover': '#23272e',
    '--sb-added': '#12301d',
    '--sb-removed': '#3a1a1c',
  },
});
