"""Network servers in front of this box: their events are read here, and their downlinks written.

Each server has a reader without I/O (`chirpstack`, `the_things_stack`, `actility`, `netmore`); `broker` and `webhook` are the ways
by which events come.
"""
