"""Resonators, spins and spectral lines: what a sweep, a pulse sequence or a spectrometer sees of them, shot by shot."""
