import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './styles.css';
import './parts/layout.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';

// The scheme is set here, before anything is drawn: an inline script is not allowed by our own policy.
const stored = localStorage.getItem('mantine-color-scheme-value');
const dark = stored === 'dark' || (stored !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
