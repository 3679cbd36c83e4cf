"""The people who run the service, and the page they do it from."""
