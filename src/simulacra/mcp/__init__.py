"""An MCP server: agents upload studies, try scenarios and generate rows, by a few tools."""
