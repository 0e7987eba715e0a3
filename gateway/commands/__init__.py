"""The `brygga` commands: what is typed, what is asked of the agent, and what is shown."""
