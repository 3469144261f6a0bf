"""`python -m parvis`, for processes that start others with the same interpreter."""

from parvis.cli import main

if __name__ == "__main__":
    main()
