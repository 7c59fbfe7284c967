"""Let ``python -m evenstride`` do what ``evenstride`` does."""

from evenstride.cli import main

main()
