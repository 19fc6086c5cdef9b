"""Read models: plain SQL into records, by noun; nothing here locks or writes."""
