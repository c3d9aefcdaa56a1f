import { Breadcrumbs, Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useLayoutEffect, useRef } from 'react';
import { takeFocus, wantFocus } from '~/shell/focus';

interface Props {
  title: string;
  /** Links to what is above it: `<Link to="/agents">Agents</Link>`. */
  crumbs?: ReactNode[];
  /** Badges beside the title. */
  badges?: ReactNode;
  description?: ReactNode;
  /** The one obvious action of the page, and lesser ones before it. */
  actions?: ReactNode;
}

/** The head of a page: document title, heading (which gets the focus after a move), actions. */
export function PageHeader({ title, crumbs, badges, description, actions }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the title changes when another thing is shown.
  useLayoutEffect(() => {
    const element = heading.current;
    if (takeFocus()) element?.focus({ preventScroll: true });
    // A page that was only loading hands the focus on to the one that is there.
    return () => {
      if (element && document.activeElement === element) wantFocus();
    };
  }, [title]);
  return (
    <Stack gap={2} mb="md">
      <title>{`${title} · Switchboard`}</title>
      {crumbs && (
        <Breadcrumbs separator="/" fz="xs" component="nav" aria-label="Breadcrumbs">
          {crumbs}
        </Breadcrumbs>
      )}
      <Group justify="space-between" align="flex-start" gap="sm">
        <Group gap="xs" style={{ minWidth: 0 }}>
          <Title ref={heading} order={1} tabIndex={-1} className="wrap-anywhere">
            {title}
          </Title>
          {badges}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {description && (
        <Text c="dimmed" maw={760}>
          {description}
        </Text>
      )}
    </Stack>
  );
}
