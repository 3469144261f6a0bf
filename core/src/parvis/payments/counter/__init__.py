"""A till's counter: its act, sessions with a float and a count, and money taken by hand."""
