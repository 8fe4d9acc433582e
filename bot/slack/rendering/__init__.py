"""What people are shown: texts, blocks, whole messages. Pure."""
