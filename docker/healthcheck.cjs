// The health check of a container, without a shell or a client in it: 0 when the process lives.
// BEHAVRY_HEALTH_URL is asked, or BEHAVRY_HEALTH_SOCKET must take a connection.
const { BEHAVRY_HEALTH_SOCKET: path, BEHAVRY_HEALTH_URL: url, BEHAVRY_PORT: port = 8000 } = process.env;
const fail = () => process.exit(1);
setTimeout(fail, 4000).unref();
if (path)
  require('node:net')
    .connect(path, () => process.exit(0))
    .on('error', fail);
else
  require('node:http')
    .get(url || `http://127.0.0.1:${Number(port) + 1}/health/live`, ({ statusCode }) =>
      process.exit(statusCode === 200 ? 0 : 1),
    )
    .on('error', fail);
