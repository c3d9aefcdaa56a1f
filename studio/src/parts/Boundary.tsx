import { Component, type ReactNode } from 'react';
import { BrokenPart } from './BrokenPart';

interface Props {
  /** Another one starts anew, e.g. the tab that is open. */
  of: string;
  /** What is typed is kept outside of it, and the notice may say so. */
  keeps?: boolean;
  children: ReactNode;
}

interface State {
  error: unknown;
  of: string;
}

/** A part of a page whose fault leaves the rest as it is. */
export class Boundary extends Component<Props, State> {
  override state: State = { error: undefined, of: this.props.of };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error: error ?? new Error('nothing was thrown') };
  }

  static getDerivedStateFromProps({ of }: Props, state: State): Partial<State> | null {
    return of === state.of ? null : { error: undefined, of };
  }

  override render(): ReactNode {
    if (this.state.error === undefined) return this.props.children;
    return (
      <BrokenPart
        error={this.state.error}
        keeps={this.props.keeps ?? false}
        onAgain={() => this.setState({ error: undefined })}
      />
    );
  }
}
