"""The pure core: what is counted, and how. No I/O, no clock; time is a parameter."""
