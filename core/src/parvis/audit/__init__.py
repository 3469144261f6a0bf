"""The trace of who did and who saw what: only ever added to, without a name or an address in it."""
