"""Take over members and orders from CSV files."""
