"""What flows through photonwatch: records, topics and bytes. Imports nothing else of ours."""
