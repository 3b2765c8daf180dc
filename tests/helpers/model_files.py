"""Model files without weights, for code that reads headers alone."""

import json


def write_header(path, about):
    """A model file without any weights, for those who read its header alone."""
    header = json.dumps({"__metadata__": {"lowpower": json.dumps(about)}}).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(header).to_bytes(8, "little") + header)
