"""A recording brought to an agent or a network server again, by the gateways that were recorded: `brygga replay`."""
