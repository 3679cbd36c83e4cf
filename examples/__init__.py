"""The flow of the HTTP API in one script, and the fictional study that it uploads."""
