/** The frame of every page: head, navigation, main, and nothing from anywhere else. */
import type { ComponentChildren } from 'preact';
import type { Identity } from '../app.ts';

export type Section = 'overview' | 'connection' | 'set-aside' | 'api';

const SECTIONS: readonly { section: Section; href: string; label: string }[] = [
  { section: 'overview', href: '/', label: 'Overview' },
  { section: 'connection', href: '/connections/new', label: 'New connection' },
  { section: 'set-aside', href: '/set-aside', label: 'Set aside' },
  { section: 'api', href: '/api/docs', label: 'API' },
];

/** htmx: no style of its own, and an answer that is no success never replaces what is on the page. */
const HTMX_CONFIG = JSON.stringify({ includeIndicatorCSS: false, noSwap: [204, 304, '4xx', '5xx'] });

export interface LayoutProps {
  readonly title: string;
  readonly identity: Identity | null;
  readonly section?: Section;
  /** Loads htmx, for pages that refresh themselves. */
  readonly isLive?: boolean;
  readonly children: ComponentChildren;
}

export function Layout({ title, identity, section, isLive = false, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{`${title} · ACD to WFM bridge`}</title>
        <link rel="icon" href="/static/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/static/app.css" />
        {isLive && <meta name="htmx-config" content={HTMX_CONFIG} />}
        {isLive && <script src="/static/vendor/htmx.min.js" defer />}
        <script src="/static/app.js" defer />
        {isLive && (
          <noscript>
            <meta http-equiv="refresh" content="15" />
          </noscript>
        )}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Header identity={identity} section={section} />
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

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d="M3 17h18M6 17v-3M18 17v-3M3 14c5 0 5-7 9-7s4 7 9 7M12 17V7" />
    </svg>
  );
}
