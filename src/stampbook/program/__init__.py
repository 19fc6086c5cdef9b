"""Programs: a program's definition is parsed, validated, told apart from another and hashed."""
