"""Providers' statements against the books: each difference stays open until somebody closes it with a reason."""
