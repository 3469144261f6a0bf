"""For operators and authors of plugins: list what is installed, check a configuration, begin a plugin, write docs."""
