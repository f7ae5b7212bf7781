// Preloaded into upstreams that listen on every address of the machine: they get the loopback only.
const { Server } = require('node:net');
const listen = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(...args) {
  const [port, ...rest] = args;
  const isPort = typeof port === 'number' || (typeof port === 'string' && /^\d+$/.test(port));
  const namesHost = typeof rest[0] === 'string';
  return isPort && !namesHost
    ? listen.call(this, { port: Number(port), host: '127.0.0.1' }, ...rest)
    : listen.apply(this, args);
};
