/** For how long events are kept, as the API says it: days, for ever, or nothing said. */
export type Retention = number | 'forever' | null;

/** As a form has it. */
export interface RetentionForm {
  kept: 'workspace' | 'forever' | 'days';
  /** Empty while nothing is typed. */
  days: number | '';
}

/** Of an agent nothing said means as the workspace does; of a workspace it means for ever. */
export function retentionForm(retention: Retention, unsaid: 'workspace' | 'forever'): RetentionForm {
  if (typeof retention === 'number') return { kept: 'days', days: retention };
  return { kept: retention ?? unsaid, days: '' };
}

/** What an agent is told. */
export function retentionOfAgent({ kept, days }: RetentionForm): Retention {
  if (kept === 'days') return days === '' ? null : days;
  return kept === 'forever' ? 'forever' : null;
}

/** What a workspace is told. */
export function retentionOfWorkspace({ kept, days }: RetentionForm): number | null {
  return kept === 'days' && days !== '' ? days : null;
}

/** Whether the number that is to be saved is still missing. */
export function lacksDays({ kept, days }: RetentionForm): boolean {
  return kept === 'days' && days === '';
}

/** `for ever`, `for 30 days`. */
export function retentionWords(days: number | null): string {
  if (days === null) return 'for ever';
  return days === 1 ? 'for 1 day' : `for ${days.toLocaleString('en')} days`;
}
