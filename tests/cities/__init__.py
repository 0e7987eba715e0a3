"""What is known of cities, and what becomes of a destination that names one."""
