"""Loading the past from files: windows that the owner of the rates takes in, so that history exists."""
