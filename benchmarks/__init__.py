"""What is fast, against what, by how much: `python -m benchmarks`. README.md shows the table."""
