// The command `bridge`: runs the appliance and does what an operator needs beside it. One word chooses the command; each
// reads the same settings as the bridge itself, from options and environment.
import path from 'node:path';
import { COMMANDS } from './commands.ts';
import { messageOf, StartRefused } from './start-refused.ts';

const HELP = `bridge COMMAND [options]

${Object.entries({ serve: { summary: 'run the bridge (also without a command)' }, ...COMMANDS })
  .map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`)
  .join('\n')}

bridge COMMAND --help explains the command.
`;

async function main([name = 'serve', ...args]: readonly string[]): Promise<void> {
  if (name === 'serve' || (name.startsWith('-') && name !== '--help')) {
    process.argv = [
      process.argv[0] ?? '',
      path.join(import.meta.dirname, 'main.ts'),
      ...(name === 'serve' ? args : [name, ...args]),
    ];
    await import('./main.ts');
    return;
  }
  if (name === 'help' || name === '--help') return void process.stdout.write(HELP);
  const command = Object.entries(COMMANDS).find(([known]) => known === name)?.[1];
  if (command === undefined) {
    throw new StartRefused(
      `There is no command "${name}". The commands are serve, ${Object.keys(COMMANDS).join(', ')}.`,
    );
  }
  await command.run(args);
}

try {
  await main(process.argv.slice(2));
} catch (thrown) {
  const isExpected = thrown instanceof StartRefused;
  process.stderr.write(
    `${isExpected || !(thrown instanceof Error) ? messageOf(thrown) : (thrown.stack ?? thrown.message)}\n`,
  );
  process.exit(1);
}
