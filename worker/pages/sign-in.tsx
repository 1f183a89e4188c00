import { Layout } from './layout.tsx';
import { TextField } from './ui/field.tsx';

/** The administrator's sign-in. `next`: the page that was asked for. */
export function SignInPage({ error, next, notice }: { error?: string; next: string; notice?: string }) {
  return (
    <Layout title="Sign in" identity={null}>
      <section class="card sign-in">
        <h1>Sign in</h1>
        {notice && <p class="notice">{notice}</p>}
        <form method="post" action="/sign-in">
          <input type="hidden" name="next" value={next} />
          <input type="text" name="username" value="administrator" autocomplete="username" hidden readOnly />
          <TextField
            name="password"
            label="Administrator password"
            kind="password"
            value=""
            autocomplete="current-password"
            autofocus
            error={error}
          />
          <div class="actions">
            <button type="submit">Sign in</button>
          </div>
        </form>
      </section>
    </Layout>
  );
}
