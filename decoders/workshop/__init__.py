"""What a vendor does with a decoder before anybody uses it: begin one, try it, prove it, time it, find one."""
