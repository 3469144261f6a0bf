"""The territory: its emitters, their places, what they publish, and which plugins each enabled."""
