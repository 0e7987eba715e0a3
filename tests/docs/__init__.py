"""What documentation says is done, as it stands there."""
