"""Rules about programs that run slowly, or lose numbers for speed."""
