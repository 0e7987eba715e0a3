"""What can be read of a damaged database is taken over into a new one, and what is lost is said in words."""

from typing import Final

NEW: Final = ".salvaged"  # how the new file is called until it is whole
MARK: Final = "salvaged"  # in the table `box`: what happened, in words
