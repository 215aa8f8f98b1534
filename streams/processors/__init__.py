"""Tag processors: pure steps from segments to panes and from panes to samples."""
