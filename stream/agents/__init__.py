"""Agents: thin shells between the engine's bytes and the core."""
