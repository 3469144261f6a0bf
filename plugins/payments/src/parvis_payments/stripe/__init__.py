"""Stripe Checkout: how contract holders take cards. Spoken through Stripe's own library, at a pinned version."""
