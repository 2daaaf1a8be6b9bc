"""`python -m photfit` is the `photfit` command."""

from photfit.cli import main

if __name__ == "__main__":
    main()
