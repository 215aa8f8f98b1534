"""What is measured on an emitter's light at the bench: coupling, interference, arrival times, trigger rates."""
