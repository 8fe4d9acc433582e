"""From a question and its articles to an answer people can trust: prompt, drafting, citations, grounding."""
