"""A till's terms: how much is given back to who cancels, until when; dated, and kept with what is asked for."""
