import { Alert, Button, type ButtonProps, Tooltip } from '@mantine/core';
import type { ComponentPropsWithoutRef, ReactNode } from 'react';
import { type Need, useCan, whyNot } from '~/api/session';

type Props = ButtonProps & Omit<ComponentPropsWithoutRef<'button'>, keyof ButtonProps> & { need: Need };

/** A button for what only some roles may do; for others it is there, disabled, and says why. */
export function NeedButton({ need, ...button }: Props) {
  const allowed = useCan(need);
  if (allowed) return <Button {...button} />;
  const { onClick: _, ...rest } = button;
  return (
    <Tooltip label={whyNot(need)} events={{ hover: true, focus: true, touch: true }}>
      <Button
        {...rest}
        type="button"
        data-disabled
        aria-disabled
        onClick={(event) => event.preventDefault()}
      />
    </Tooltip>
  );
}

/** Around a form: without the role all of it is disabled, with the reason on top. */
export function NeedFields({ need, children }: { need: Need; children: ReactNode }) {
  const allowed = useCan(need);
  return (
    <fieldset disabled={!allowed} className="need-fields">
      {!allowed && (
        <Alert variant="light" color="gray" mb="sm" py={6}>
          You can read this but not change it. {whyNot(need)}
        </Alert>
      )}
      {children}
    </fieldset>
  );
}
