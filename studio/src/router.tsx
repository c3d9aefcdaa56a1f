import { createRouter } from '@tanstack/react-router';
import { problemOf } from './api/problem';
import { BrokenPart } from './parts/BrokenPart';
import { ProblemAlert } from './parts/ProblemAlert';
import { routeTree } from './routes';
import { wantFocus } from './shell/focus';
import { NotFound } from './shell/NotFound';

/** No answer of the server: a fault of the Studio, or code that is gone. */
function isOurs(error: unknown): boolean {
  return ['unexpected', 'newer_version', 'part_missing'].includes(problemOf(error).code);
}

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ({ error, reset }) => (
    <div className="page">
      {isOurs(error) ? (
        <BrokenPart error={error} keeps={false} onAgain={reset} />
      ) : (
        <ProblemAlert error={error} onRetry={reset} />
      )}
    </div>
  ),
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** After a move to another page the focus goes to its heading, so that it is read and Tab goes on from there. */
router.subscribe('onBeforeLoad', (event) => {
  if (event.pathChanged && event.fromLocation) wantFocus();
});
