"""The second opinion: texts as vectors, embedded once and kept."""
