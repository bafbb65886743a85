// What both servers share: how many grants, the one client, and the line that says where the server is.

import { createHash, timingSafeEqual } from 'node:crypto';

export const GRANTS = Number(process.env.BENCH_GRANTS ?? 1000);
export const CHAINS = Number(process.env.BENCH_CHAINS ?? 32);
export const CLIENT = 'web';
export const SECRET = 'web-secret';
export const SCOPE = 'read write';

const digest = (text) => createHash('sha256').update(text).digest();
const kept = digest(SECRET);

/** Whether this is the client's secret, of which only the digest is kept. */
export const isSecret = (text) => timingSafeEqual(digest(text), kept);

/** Says on one line where the server is and what the first refresh tokens are; ends with SIGTERM. */
export function announce(server, path, version, tokens) {
  const { port } = server.address();
  process.stdout.write(`${JSON.stringify({ port, pid: process.pid, path, version, tokens })}\n`);
  process.on('SIGTERM', () => process.exit(0));
}
