export interface KindProps<T> {
  bindingKey: string;
  action: T;
  set: (patch: Partial<T>) => void;
  /** By the place in the action, e.g. `url`. */
  errors: (pointer: string, under?: 'under') => string | undefined;
}
