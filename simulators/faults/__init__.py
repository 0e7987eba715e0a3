"""Faults that are real: of disks, of connections, of processes."""
