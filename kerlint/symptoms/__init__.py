"""What can cause what somebody sees: `kerlint --symptom`."""
