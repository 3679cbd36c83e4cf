"""What operators should know without looking: the state of an installation, metrics, alerts."""
