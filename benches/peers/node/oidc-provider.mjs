// oidc-provider over an adapter of maps: its own adapter for tests drops live tokens beyond a thousand entries.
// The scope has no `openid`, so that no identity token has to be signed: the others make none either.

import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import { randomBytes } from 'node:crypto';
import Provider from 'oidc-provider';
import { CHAINS, CLIENT, GRANTS, SCOPE, SECRET, announce } from './common.mjs';

const { version } = createRequire(import.meta.url)('oidc-provider/package.json');
const kept = new Map();

class Adapter {
  constructor(name) {
    this.name = name;
  }
  key(id) {
    return `${this.name}:${id}`;
  }
  async upsert(id, payload) {
    kept.set(this.key(id), payload);
  }
  async find(id) {
    return kept.get(this.key(id));
  }
  async consume(id) {
    kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000);
  }
  async destroy(id) {
    kept.delete(this.key(id));
  }
  async findByUid() {}
  async findByUserCode() {}
  async revokeByGrantId(grantId) {
    for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
  }
}

const server = createServer();
await new Promise((done) => server.listen(0, '127.0.0.1', done));
server.keepAliveTimeout = 600_000;
const provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
  adapter: Adapter,
  clients: [{
    client_id: CLIENT,
    client_secret: SECRET,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://client.example.com/cb'],
    token_endpoint_auth_method: 'client_secret_basic',
    scope: SCOPE,
  }],
  cookies: { keys: [randomBytes(32).toString('hex')] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  rotateRefreshToken: true,
  scopes: ['offline_access', ...SCOPE.split(' ')],
  ttl: { AccessToken: 3600, Grant: 1209600, RefreshToken: 1209600 },
});
server.on('request', provider.callback());

const client = await provider.Client.find(CLIENT);
const tokens = [];
for (let number = 0; number < GRANTS; number += 1) {
  const accountId = `user-${number}`;
  const grant = new provider.Grant({ accountId, clientId: CLIENT });
  grant.addOIDCScope(SCOPE);
  const grantId = await grant.save();
  const authTime = Math.floor(Date.now() / 1000);
  const token = new provider.RefreshToken({
    accountId, authTime, client, grantId, gty: 'authorization_code', iiat: authTime, scope: SCOPE,
  });
  tokens.push(await token.save());
}
announce(server, '/token', version, tokens.slice(0, CHAINS));
