"""One file for each form of tree that is known. A reader takes what it recognises and leaves the rest to those after it."""
