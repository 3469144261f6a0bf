"""What only the demo has: its people, its strict local sign-on, its seeds and simulators."""
