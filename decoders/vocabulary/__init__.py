"""The one vocabulary of quantities and units, read by decoders and gateway alike."""
