"""The plugin contract: the values that hooks return (`values`), and the hooks themselves (`hookspecs`)."""
