import { createRouter } from '@tanstack/react-router';
import { problemOf } from './api/problem';
import { ProblemAlert } from './parts/ProblemAlert';
import { routeTree } from './routes';
import { wantFocus } from './shell/focus';
import { NotFound } from './shell/NotFound';

export const router = createRouter({
  routeTree,
  defaultPreload: 'intent',
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: ({ error, reset }) => (
    <div className="page">
      <ProblemAlert error={problemOf(error)} onRetry={reset} />
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
