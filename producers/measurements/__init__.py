"""Files of measurements, events and telemetry, read into the records that flow through the topics."""
