"""The part of a front end in tests without one: set traits, click, send messages, hear answers."""

from __future__ import annotations

from comm.base_comm import BaseComm


class Wire(BaseComm):
    """A comm that keeps what was sent over it."""

    def __init__(self, *args, **kwargs):
        self.said = []
        super().__init__(*args, **kwargs)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.said.append((data or {}, buffers or []))


def sets(widget, **state):
    """The user changes traits: a selection is set by its `index`."""
    data = {"method": "update", "state": state, "buffer_paths": []}
    widget._handle_msg({"content": {"data": data}, "buffers": []})


def chooses(widget, value):
    """The user chooses `value`, which must be offered."""
    sets(widget, index=[option for _, option in widget.options].index(value))


def clicks(button):
    says(button, {"event": "click"})


def says(widget, content, *buffers):
    """A custom message of the front end."""
    data = {"method": "custom", "content": content}
    widget._handle_msg({"content": {"data": data}, "buffers": list(buffers)})


def heard(widget):
    """The custom messages that the front end was sent."""
    said = [data for data, _ in widget.comm.said]
    return [data["content"] for data in said if data.get("method") == "custom"]
