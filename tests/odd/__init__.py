"""What else arrives: records of every wrong and doubtful kind, and strings that programs stumble over."""
