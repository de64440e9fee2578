"""A provider's side of OAuth 1.0a, by oauthlib: another implementation than the client's (RFC 5849 3.2)."""

from __future__ import annotations

from typing import Any

from oauthlib.oauth1 import RequestValidator, SignatureOnlyEndpoint


class Verifier(RequestValidator):  # type: ignore[misc]
    """A provider that knows one client; it takes any nonce once."""

    enforce_ssl = False
    nonce_length = client_key_length = (1, 200)
    dummy_client = "nobody"

    def __init__(self, client_id: str, secret: str) -> None:
        super().__init__()
        self.client_id = client_id
        self.secret = secret
        self.nonces: set[tuple[str, str]] = set()

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        return ("HMAC-SHA1", "HMAC-SHA256")

    @property
    def safe_characters(self) -> set[str]:
        return {chr(code) for code in range(32, 127)}

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == self.client_id

    def validate_timestamp_and_nonce(self, client_key: str, timestamp: str, nonce: str, *_: Any, **__: Any) -> bool:
        fresh = (timestamp, nonce) not in self.nonces
        self.nonces.add((timestamp, nonce))
        return fresh

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return self.secret

    def accepts(self, url: str, authorization: str) -> bool:
        """Whether a GET with this Authorization header may pass."""
        if not authorization.startswith("OAuth "):
            return False
        valid, _ = SignatureOnlyEndpoint(self).validate_request(url, "GET", None, {"Authorization": authorization})
        return bool(valid)
