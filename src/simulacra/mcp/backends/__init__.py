"""What does the work behind the tools: the library in this process, or a service."""
