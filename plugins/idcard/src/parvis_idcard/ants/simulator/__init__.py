"""The coordination service played on loopback, for the demo and for tests: `registry` keeps, `app` answers."""
