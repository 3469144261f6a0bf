"""What identity answers over HTTP: signing in and out, one's account, the choice of an emitter."""
