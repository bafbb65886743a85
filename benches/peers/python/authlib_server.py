"""Authlib behind Flask and gunicorn: `authlib_server.py memory` or `authlib_server.py sqlite FILE`.

The models for SQLite are the mixins that Authlib has for SQLAlchemy; those in memory are the same in a dictionary.
One worker, with threads: it is the kind of worker of gunicorn that keeps connections alive.
"""

import hashlib
import hmac
import json
import os
import sys
import time
from importlib.metadata import version

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin
from authlib.oauth2.rfc6749.grants import RefreshTokenGrant
from flask import Flask
from gunicorn.app.base import BaseApplication

GRANTS = int(os.environ.get("BENCH_GRANTS", "1000"))
CHAINS = int(os.environ.get("BENCH_CHAINS", "32"))
CLIENT, SECRET, SCOPE = "web", "web-secret", "read write"
KEPT = hashlib.sha256(SECRET.encode()).digest()


class Client(ClientMixin):
    """The one client. Of its secret, the digest is kept."""

    client_id = CLIENT

    def get_client_id(self):
        return self.client_id

    def get_default_redirect_uri(self):
        return ""

    def get_allowed_scope(self, scope):
        return " ".join(part for part in scope.split() if part in SCOPE.split())

    def check_redirect_uri(self, redirect_uri):
        return False

    def check_client_secret(self, client_secret):
        return hmac.compare_digest(hashlib.sha256(client_secret.encode()).digest(), KEPT)

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_basic"

    def check_response_type(self, response_type):
        return False

    def check_grant_type(self, grant_type):
        return grant_type == "refresh_token"


class User:
    def __init__(self, user_id):
        self.user_id = user_id

    def get_user_id(self):
        return self.user_id


def seed(kind, number):
    return f"{kind}{number:041d}"


class InMemory:
    """Tokens in a dictionary. The former token goes when its refresh token is used."""

    class Token(TokenMixin):
        def __init__(self, user_id, token):
            self.user_id, self.token, self.issued_at = user_id, token, int(time.time())

        def check_client(self, client):
            return client.get_client_id() == CLIENT

        def get_scope(self):
            return self.token["scope"]

        def get_expires_in(self):
            return self.token["expires_in"]

        def is_revoked(self):
            return False

        def is_expired(self):
            return False

    def __init__(self, app):
        self.by_refresh = {}
        for number in range(GRANTS):
            token = {"access_token": seed("a", number), "refresh_token": seed("b", number), "scope": SCOPE}
            self.put(number, {**token, "token_type": "Bearer", "expires_in": 3600})

    def put(self, user_id, token):
        self.by_refresh[token["refresh_token"]] = self.Token(user_id, token)

    def find(self, refresh_token):
        return self.by_refresh.get(refresh_token)

    def revoke(self, credential):
        del self.by_refresh[credential.token["refresh_token"]]


class InSqlite:
    """Tokens in SQLite, by the mixins of Authlib: a row a token, as its documentation has it."""

    def __init__(self, app):
        from authlib.integrations.sqla_oauth2 import OAuth2TokenMixin
        from flask_sqlalchemy import SQLAlchemy
        from sqlalchemy import event

        app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + os.path.abspath(sys.argv[2])
        self.db = db = SQLAlchemy(app)

        class Token(db.Model, OAuth2TokenMixin):
            id = db.Column(db.Integer, primary_key=True)
            user_id = db.Column(db.Integer)

        self.Token = Token
        with app.app_context():

            @event.listens_for(db.engine, "connect")
            def durable(connection, _):
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=FULL")

            db.create_all()
            for number in range(GRANTS):
                texts = {"access_token": seed("a", number), "refresh_token": seed("b", number)}
                db.session.add(
                    Token(client_id=CLIENT, user_id=number, token_type="Bearer", scope=SCOPE, expires_in=3600, **texts)
                )
            db.session.commit()
            db.engine.dispose()

    def put(self, user_id, token):
        self.db.session.add(self.Token(client_id=CLIENT, user_id=user_id, **token))
        self.db.session.commit()

    def find(self, refresh_token):
        found = self.db.session.query(self.Token).filter_by(refresh_token=refresh_token).first()
        return found if found and not found.is_revoked() else None

    def revoke(self, credential):
        credential.access_token_revoked_at = credential.refresh_token_revoked_at = int(time.time())
        self.db.session.add(credential)
        self.db.session.commit()


def application():
    app = Flask(__name__)
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
    store = InSqlite(app) if sys.argv[1] == "sqlite" else InMemory(app)
    client = Client()

    class Refresh(RefreshTokenGrant):
        INCLUDE_NEW_REFRESH_TOKEN = True
        TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic"]

        def authenticate_refresh_token(self, refresh_token):
            return store.find(refresh_token)

        def authenticate_user(self, refresh_token):
            return User(refresh_token.user_id)

        def revoke_old_credential(self, refresh_token):
            store.revoke(refresh_token)

    server = AuthorizationServer(
        app,
        query_client=lambda client_id: client if client_id == CLIENT else None,
        save_token=lambda token, request: store.put(request.user.get_user_id(), token),
    )
    server.register_grant(Refresh)
    app.post("/token")(lambda: server.create_token_response())
    return app


class Gunicorn(BaseApplication):
    def load_config(self):
        self.cfg.set("bind", "127.0.0.1:0")
        self.cfg.set("workers", 1)
        self.cfg.set("worker_class", "gthread")
        self.cfg.set("threads", 4)
        self.cfg.set("keepalive", 600)
        self.cfg.set("loglevel", "error")
        self.cfg.set("post_worker_init", announce)

    def load(self):
        return application()


def announce(worker):
    port = worker.sockets[0].getsockname()[1]
    tokens = [seed("b", number) for number in range(CHAINS)]
    line = {"port": port, "pid": worker.pid, "path": "/token", "version": version("authlib"), "tokens": tokens}
    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    # The server is asked over the loopback only.
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    Gunicorn().run()
