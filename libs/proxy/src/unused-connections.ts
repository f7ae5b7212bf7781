import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Follows a server's connections, because one that was opened ahead and never used does not count as idle
 * and would keep a closing server waiting.
 * @returns closes those on which nothing was ever sent
 */
export function unusedConnections(server: Server): () => void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (socket.bytesRead === 0) socket.destroy();
  };
}
