"""The two national services for identity-paper appointments (ANTS): the search that calls us, coordination we call."""
