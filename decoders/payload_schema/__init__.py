"""The published Payload Schema language (MT-DOC-0001): tables that say what the octets of a payload mean.

A table is read once (`document`), checked and compiled to closures (`compiler`, `structures`, `values`, `wire`), and
then run over payloads (`machine`). `decoders.table` makes a decoder of it.
"""
