"""What the commands share: options, output, errors, and the parts opened for a command."""
