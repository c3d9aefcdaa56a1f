import { Tabs } from '@mantine/core';
import type { ReactNode } from 'react';
import { Boundary } from './Boundary';

interface Props<T extends string> {
  label: string;
  tabs: readonly { value: T; label: ReactNode }[];
  value: T;
  /** Put it into the address: `(tab) => navigate({ search: (s) => ({ ...s, tab }) })`. */
  onChange: (tab: T) => void;
  /** What is typed in the tabs is kept outside of them. */
  keeps?: boolean;
  children: ReactNode;
}

/** The tabs of a page; which one is open stands in the address. `children` is the open one's content. */
export function PageTabs<T extends string>({
  label,
  tabs,
  value,
  onChange,
  keeps = false,
  children,
}: Props<T>) {
  return (
    <Tabs value={value} onChange={(next) => next && onChange(next as T)} keepMounted={false}>
      <Tabs.List
        aria-label={label}
        mb="md"
        style={{ flexWrap: 'nowrap', overflowX: 'auto', overflowY: 'hidden' }}
      >
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.value} value={tab.value}>
            {tab.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={value}>
        <Boundary of={value} keeps={keeps}>
          {children}
        </Boundary>
      </Tabs.Panel>
    </Tabs>
  );
}
