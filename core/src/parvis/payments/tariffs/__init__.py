"""Tariffs: dated grids of prices, how they are typed, kept and tried, and the price of one request."""
