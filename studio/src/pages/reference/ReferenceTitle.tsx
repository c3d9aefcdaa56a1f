import { Title } from '@mantine/core';
import { useLayoutEffect, useRef } from 'react';
import { takeFocus } from '~/shell/focus';

/** The heading of what is shown; it gets the focus after a move within the reference. */
export function ReferenceTitle({ title }: { title: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the title changes when something else is shown.
  useLayoutEffect(() => {
    if (takeFocus()) heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <>
      <title>{`${title} · Switchboard API`}</title>
      <Title ref={heading} order={1} tabIndex={-1} className="wrap-anywhere">
        {title}
      </Title>
    </>
  );
}
