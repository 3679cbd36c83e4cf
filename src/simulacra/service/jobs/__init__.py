"""Work in the background: its record, its attempts and the processes it runs in."""
