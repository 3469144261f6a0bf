"""OpenID Connect, as the relying party: `protocol` has every check, without I/O; `sign_on` talks to the provider."""
