"""Observe: what an operator alarms on, as metrics for Prometheus and as messages over MQTT."""
