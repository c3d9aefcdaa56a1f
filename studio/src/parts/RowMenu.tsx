import { Menu, UnstyledButton } from '@mantine/core';
import IconDots from '@tabler/icons-react/icons/IconDots';
import { type ReactNode, useState } from 'react';

/** The lesser actions of a row. `children` are `Menu.Item`s. The menu itself is made when first opened. */
export function RowMenu({ label, children }: { label: string; children: ReactNode }) {
  const [used, setUsed] = useState(false);
  const button = (
    <UnstyledButton
      className="icon-button"
      aria-label={label}
      aria-haspopup="menu"
      {...(used ? {} : { onClick: () => setUsed(true) })}
    >
      <IconDots size={16} aria-hidden />
    </UnstyledButton>
  );
  if (!used) return button;
  return (
    <Menu position="bottom-end" width={200} defaultOpened returnFocus>
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
