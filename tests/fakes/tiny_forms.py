"""Blocks and a form to press and fill in."""


def text_object(text: str, kind: str = "mrkdwn") -> dict[str, str]:
    """A text of Block Kit."""
    return {"type": kind, "text": text}


BUTTON = {"type": "button", "action_id": "a", "text": text_object("Go", "plain_text")}
FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": text_object("Good", "plain_text"), "value": "good"},
            "negative_button": {"text": text_object("Bad", "plain_text"), "value": "bad"},
        }
    ],
}
FORM = {
    "type": "modal",
    "callback_id": "why",
    "title": text_object("Why?", "plain_text"),
    "submit": text_object("Send", "plain_text"),
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": text_object("Reason", "plain_text"),
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
