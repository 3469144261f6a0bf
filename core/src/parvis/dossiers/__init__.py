"""Dossiers: a resident's matter with one service, from the first click to its closing, and its timeline."""
