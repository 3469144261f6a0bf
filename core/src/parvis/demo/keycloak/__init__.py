"""A real Keycloak on this machine, for `parvis demo --keycloak` and for tests: fetched once, copied for each use."""
