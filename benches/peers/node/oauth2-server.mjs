// @node-oauth/oauth2-server behind its own adapter for express, over maps in memory.
// The former access token goes with the refresh token it came with, so that a grant is as large as it was.

import { createRequire } from 'node:module';
import express from 'express';
import OAuthServer from '@node-oauth/express-oauth-server';
import { CHAINS, CLIENT, GRANTS, SCOPE, announce, isSecret } from './common.mjs';

const { version } = createRequire(import.meta.url)('@node-oauth/oauth2-server/package.json');
const client = { id: CLIENT, grants: ['refresh_token'], redirectUris: [] };
const byRefresh = new Map();
const byAccess = new Map();

const model = {
  async getClient(id, secret) {
    return id === CLIENT && isSecret(secret ?? '') ? client : false;
  },
  async saveToken(token, owner, user) {
    const saved = { ...token, client: owner, user };
    byAccess.set(saved.accessToken, saved);
    byRefresh.set(saved.refreshToken, saved);
    return saved;
  },
  async getRefreshToken(token) {
    return byRefresh.get(token);
  },
  async revokeToken(token) {
    byAccess.delete(token.accessToken);
    return byRefresh.delete(token.refreshToken);
  },
  async getAccessToken(token) {
    return byAccess.get(token);
  },
};

const text = (kind, number) => kind + String(number).padStart(63, '0');
const lasts = (seconds) => new Date(Date.now() + seconds * 1000);
for (let number = 0; number < GRANTS; number += 1) {
  const token = {
    accessToken: text('a', number),
    accessTokenExpiresAt: lasts(3600),
    refreshToken: text('b', number),
    refreshTokenExpiresAt: lasts(1209600),
    scope: SCOPE.split(' '),
  };
  await model.saveToken(token, client, { id: `user-${number}` });
}

const app = express();
app.disable('x-powered-by').disable('etag');
const oauth = new OAuthServer({ model });
app.use(express.urlencoded({ extended: false }));
app.post('/token', oauth.token());
const server = app.listen(0, '127.0.0.1', () => {
  const tokens = Array.from({ length: CHAINS }, (_, number) => text('b', number));
  announce(server, '/token', version, tokens);
});
server.keepAliveTimeout = 600_000;
