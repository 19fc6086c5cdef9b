"""Routes, one file for each noun; found by walking this folder."""
