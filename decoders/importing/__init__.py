"""Trees that others publish, taken in as they are: codecs with their examples, licence and origin (docs/decoders.md).

    tree ──► readers ──► proof ──► installing
             Published   Verdict   files of <vendor>/<model>

Nothing of a tree is run but its codecs, in the room of their kind; its files are read within bounds.
"""
