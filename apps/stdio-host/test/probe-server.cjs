// A stdio server that tells a test what a process under its user can do: a line in, a line out.
const { spawn } = require('node:child_process');
const { readFileSync, readdirSync, writeFileSync } = require('node:fs');
const { connect } = require('node:net');

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const attempt = (work) => {
  try {
    return work();
  } catch ({ code }) {
    return code;
  }
};
const actions = {
  env: () => say(process.env),
  args: () => say(process.argv.slice(2)),
  self: () =>
    say({ uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), cwd: process.cwd() }),
  read: ({ path }) => say(attempt(() => `read ${readFileSync(path).length > 0}`)),
  list: ({ path }) => say(attempt(() => `listed ${readdirSync(path).length > 0}`)),
  write: ({ path }) => say(attempt(() => (writeFileSync(path, 'x'), 'written'))),
  connect: ({ path }) => {
    const socket = connect(path, () => (say('connected'), socket.destroy()));
    socket.on('error', ({ code }) => say(code));
  },
  // One in its process group, one that has left it.
  children: () =>
    say([false, true].map((detached) => spawn('sleep', ['600'], { detached, stdio: 'ignore' }).pid)),
  stubborn: () => {
    process.on('SIGTERM', () => undefined);
    setInterval(() => undefined, 1_000);
    say(process.pid);
  },
  deaf: () => {
    say(process.pid);
    process.stdin.pause();
    setInterval(() => undefined, 1_000);
  },
  exit: ({ code }) => process.exit(code),
};
require('node:readline')
  .createInterface(process.stdin)
  .on('line', (line) => {
    const request = JSON.parse(line);
    actions[request.do](request);
  });
