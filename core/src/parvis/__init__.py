"""Parvis: the public services of a territory, run together."""
