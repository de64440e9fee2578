"""`python -m oneroster_tui`: the same as the command oneroster-tui."""

from oneroster_tui.cli import main

main()
