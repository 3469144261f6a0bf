"""The name, logo and colours of each emitter, in versions, its palette corrected so that everyone can read it."""
