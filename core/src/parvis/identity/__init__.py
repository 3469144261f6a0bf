"""People and what they may do: sign-in by OpenID Connect, sessions, grants, guards, contacts proved by a code."""
