"""See the settings of this process."""
