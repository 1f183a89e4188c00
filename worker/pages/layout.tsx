/** The frame of every page: head, navigation, main, and nothing from anywhere else. */
import type { ComponentChildren } from 'preact';
import type { Identity } from '../app.ts';

export type Section = 'overview' | 'reports' | 'setup' | 'monitor' | 'access' | 'api';

const SECTIONS: readonly { section: Section; href: string; label: string }[] = [
  { section: 'overview', href: '/', label: 'Overview' },
  { section: 'reports', href: '/reports', label: 'Reports' },
  { section: 'setup', href: '/setup', label: 'Set-up' },
  { section: 'monitor', href: '/monitor', label: 'Monitor' },
  { section: 'access', href: '/access', label: 'Access' },
  { section: 'api', href: '/api/docs', label: 'API' },
];

export type ConnectionSection =
  | 'settings'
  | 'coverage'
  | 'roster'
  | 'states'
  | 'code-book'
  | 'agents'
  | 'reports'
  | 'imports'
  | 'set-aside'
  | 'monitor';

/** The pages of a connection, in the order of the navigation. `path` follows `/connections/:id`. */
export const CONNECTION_SECTIONS: readonly { section: ConnectionSection; path: string; label: string }[] = [
  { section: 'settings', path: '', label: 'Settings' },
  { section: 'coverage', path: '/coverage', label: 'Coverage' },
  { section: 'roster', path: '/roster', label: 'Roster' },
  { section: 'states', path: '/states', label: 'States' },
  { section: 'code-book', path: '/code-book', label: 'Code book' },
  { section: 'agents', path: '/agents', label: 'Agents' },
  { section: 'reports', path: '/reports', label: 'Reports' },
  { section: 'imports', path: '/imports', label: 'Imports and backfill' },
  { section: 'set-aside', path: '/set-aside', label: 'Set aside' },
  { section: 'monitor', path: '/monitor', label: 'Monitor' },
];

/** The connection that a page is about: its navigation stands under the main one. */
export interface ConnectionFrame {
  readonly id: number;
  readonly name: string;
  readonly paused?: boolean;
  readonly section: ConnectionSection;
}

/** htmx: no style of its own, and an answer that is no success never replaces what is on the page. */
const HTMX_CONFIG = JSON.stringify({ includeIndicatorCSS: false, noSwap: [204, 304, '4xx', '5xx'] });

export interface LayoutProps {
  readonly title: string;
  readonly identity: Identity | null;
  readonly section?: Section;
  readonly connection?: ConnectionFrame;
  /** Loads htmx, for pages that refresh themselves or parts of themselves. */
  readonly isLive?: boolean;
  /** Without JavaScript the whole page is loaded again after so many seconds; a page with a form says null. */
  readonly refreshS?: number | null;
  readonly children: ComponentChildren;
}

export function Layout(props: LayoutProps) {
  const { title, identity, section, connection, isLive = false, refreshS = 15, children } = props;
  const about = connection ? `${title} · ${connection.name}` : title;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${about} · ACD to WFM bridge`}</title>
        <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/static/app.css" />
        {isLive && <meta name="htmx-config" content={HTMX_CONFIG} />}
        {isLive && <script src="/static/vendor/htmx.min.js" defer />}
        <script src="/static/app.js" defer />
        {isLive && refreshS !== null && (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshS)} />
          </noscript>
        )}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Header identity={identity} section={section} />
        {connection && <ConnectionBar connection={connection} />}
        <main id="main">{children}</main>
      </body>
    </html>
  );
}

function Header({ identity, section }: { identity: Identity | null; section: Section | undefined }) {
  return (
    <header class="top">
      <div class="bar">
        <a class="brand" href="/">
          <Mark />
          <span>ACD to WFM bridge</span>
        </a>
        {identity && (
          <nav aria-label="Main">
            {SECTIONS.map((item) => (
              <a href={item.href} aria-current={item.section === section ? 'page' : undefined}>
                {item.label}
              </a>
            ))}
          </nav>
        )}
        {identity?.kind === 'administrator' && (
          <form method="post" action="/sign-out" class="sign-out">
            <button type="submit" class="plain">
              Sign out
            </button>
          </form>
        )}
        {identity?.kind === 'access' && <span class="quiet who">{identity.by}</span>}
      </div>
    </header>
  );
}

/** Where a connection's pages are, under the main navigation. */
function ConnectionBar({ connection }: { connection: ConnectionFrame }) {
  const { id, name, paused = false, section } = connection;
  return (
    <nav class="under" aria-label={`Connection ${name}`}>
      <div class="bar">
        <p class="place">
          <a href="/">Overview</a>
          <span aria-hidden="true">›</span>
          <strong>{name}</strong>
          {paused && <span class="badge idle flat">Paused</span>}
        </p>
        <div class="links">
          {CONNECTION_SECTIONS.map((item) => (
            <a href={`/connections/${id}${item.path}`} aria-current={item.section === section ? 'page' : undefined}>
              {item.label}
            </a>
          ))}
        </div>
      </div>
    </nav>
  );
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d="M3 17h18M6 17v-3M18 17v-3M3 14c5 0 5-7 9-7s4 7 9 7M12 17V7" />
    </svg>
  );
}
