"""KR: seeds."""
