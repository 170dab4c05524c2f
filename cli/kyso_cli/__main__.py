"""`python -m kyso_cli` is `kyso`."""

from kyso_cli.entry import main

main()
